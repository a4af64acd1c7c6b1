import TestSupport
import Testing

/// Looks again and again, for `limit` as stretched by `Patience`, until `condition` holds: the state is another process's, so there is nothing to wait on.
func eventually(
    within limit: Duration, _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit.stretched
    while true {
        if try await condition() { return }
        guard ContinuousClock.now < deadline else {
            Issue.record(what, sourceLocation: sourceLocation)
            throw NotInTime()
        }
        try await Task.sleep(for: .milliseconds(100))
    }
}

struct NotInTime: Error {}
