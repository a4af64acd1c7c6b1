import Accounts
import Hummingbird
import NIOCore

/// A body during whose arrival it is asked again and again whether its sender may still send it.
///
/// Its arrival keeps a session alive: an upload is something that a person does, however long it takes (H89). Once the session has
/// ended for another reason, or the token was revoked or has expired, or the user was disabled, reading ends with a refusal.
struct AttendedBody: AsyncSequence, Sendable {
    let body: RequestBody
    let credential: Credential
    let sessions: SessionStore
    let tokens: TokenStore
    /// Of a form whose token comes with its body: before that was right the body keeps nothing alive (H92).
    let gate: FormGate?

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var body: RequestBody.AsyncIterator
        fileprivate var attendance: Attendance
        fileprivate let gate: FormGate?
        fileprivate let interval: Duration
        fileprivate var due: ContinuousClock.Instant
        fileprivate var isOurs: Bool

        mutating func next() async throws -> ByteBuffer? {
            let bytes = try await body.next()
            let now = ContinuousClock.now
            let hasOpened = !isOurs && gate?.isOpen == true
            if hasOpened { isOurs = true }
            if hasOpened || (bytes != nil && now >= due) {
                due = now + interval
                if let refusal = await attendance.refusal(isActivity: isOurs) { throw refusal }
            }
            return bytes
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        let interval = Self.interval(sessions)
        return AsyncIterator(
            body: body.makeAsyncIterator(), attendance: Attendance(credential, sessions: sessions, tokens: tokens), gate: gate,
            interval: interval, due: .now + interval, isOurs: gate == nil)
    }

    /// Often enough for a session that ends soon and for a token that is revoked, seldom enough to cost nothing.
    private static func interval(_ sessions: SessionStore) -> Duration {
        Swift.min(sessions.limits.idle / 4, .seconds(20))
    }
}
