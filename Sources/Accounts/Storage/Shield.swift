/// Carries a step to its end although the calling task may be cancelled meanwhile: one that must not be done by half, or whose result
/// must not get lost. Its statements and commands have deadlines of their own.
func shielded<T: Sendable>(
    _ step: @escaping @Sendable () async throws(AccountsError) -> T
) async throws(AccountsError) -> T {
    // A task of its own, as it alone does not hear of the cancellation; awaited at once.
    let task = Task { () -> Result<T, AccountsError> in
        do throws(AccountsError) {
            return .success(try await step())
        } catch {
            return .failure(error)
        }
    }
    return try await task.value.get()
}
