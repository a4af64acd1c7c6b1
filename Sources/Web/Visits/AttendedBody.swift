import Accounts
import Hummingbird
import NIOCore

/// A body whose arrival keeps its session alive: an upload is something that a person does, however long it takes (H89).
///
/// Once the session has ended for another reason, reading ends with `APIError.sessionEnded`.
struct AttendedBody: AsyncSequence, Sendable {
    let body: RequestBody
    let session: Session
    let sessions: SessionStore

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var body: RequestBody.AsyncIterator
        fileprivate let session: Session
        fileprivate let sessions: SessionStore
        fileprivate var due: ContinuousClock.Instant

        mutating func next() async throws -> ByteBuffer? {
            guard let bytes = try await body.next() else { return nil }
            let now = ContinuousClock.now
            if now >= due {
                due = now + AttendedBody.interval(sessions)
                try await renew()
            }
            return bytes
        }

        /// That Redis does not answer is no reason to end an upload that was let in: the session ends by itself if it stays away.
        private func renew() async throws {
            if case .gone(let end) = try? await sessions.touch(session.ticket, isActivity: true) { throw APIError.sessionEnded(end) }
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(
            body: body.makeAsyncIterator(), session: session, sessions: sessions, due: .now + Self.interval(sessions))
    }

    /// Often enough for a session that ends soon, seldom enough to cost nothing.
    private static func interval(_ sessions: SessionStore) -> Duration {
        Swift.min(sessions.limits.idle / 4, .seconds(30))
    }
}
