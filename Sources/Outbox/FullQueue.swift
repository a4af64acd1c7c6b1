import Synchronization

/// Remembers for a moment that the queue had no room, so that new work is refused before it is taken.
///
/// After that moment work is let in again, and tells whether there is room: no timer asks, and no request waits for the answer.
final class FullQueue: Sendable {
    static let memory: Duration = .seconds(5)

    private let end = Mutex<ContinuousClock.Instant?>(nil)

    func note(at now: ContinuousClock.Instant = .now) { end.withLock { $0 = now + Self.memory } }

    func clear() { end.withLock { $0 = nil } }

    func isFull(at now: ContinuousClock.Instant = .now) -> Bool { end.withLock { $0.map { now < $0 } ?? false } }
}
