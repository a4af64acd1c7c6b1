/// Whether `condition` comes true within `limit`, stretched by `Patience`: for effects that are signalled to nobody.
public func eventually(within limit: Duration = .seconds(15), _ condition: () async throws -> Bool) async rethrows -> Bool {
    let end = ContinuousClock.now + limit.stretched
    repeat {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    } while ContinuousClock.now < end && !Task.isCancelled
    return false
}
