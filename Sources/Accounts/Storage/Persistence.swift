/// Asks Redis, and when the answer got lost again, a moment later: the client has to notice first that its connection is gone. For
/// what must not fail for the loss of a connection, and does nothing when it is done already.
func persistently<T>(_ ask: () async throws(AccountsError) -> T) async throws(AccountsError) -> T {
    for pause in [Duration.milliseconds(100), .milliseconds(500)] {
        do throws(AccountsError) {
            return try await ask()
        } catch {
            guard error.code == .unavailable else { throw error }
        }
        // Cut short for nobody to whom it matters: they are shielded.
        try? await Task.sleep(for: pause)
    }
    return try await ask()
}
