import DequeModule
import Synchronization

/// Tells the queue about new files without making an upload wait for the queue.
final class Announcer: Sendable {
    /// Batches that may wait to be announced. While the queue is down the oldest ones wait and newer ones are left to
    /// Reconcile.
    private static let limit = 256

    private let announce: @Sendable ([FileRecord]) async -> Void
    private let batches: AsyncStream<[FileRecord]>
    private let continuation: AsyncStream<[FileRecord]>.Continuation
    /// Since when each of them waits.
    private let waiting = Mutex<Deque<ContinuousClock.Instant>>([])

    init(announce: @escaping @Sendable ([FileRecord]) async -> Void) {
        self.announce = announce
        (batches, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.limit))
    }

    /// How long the oldest has waited, once more than half of the room is taken; before that nothing.
    var delay: Duration {
        waiting.withLock { waiting in
            guard waiting.count > Self.limit / 2, let oldest = waiting.first else { return .zero }
            return ContinuousClock.now - oldest
        }
    }

    func announce(_ records: [FileRecord]) {
        guard !records.isEmpty else { return }
        waiting.withLock { waiting in
            if case .enqueued = continuation.yield(records) { waiting.append(.now) }
        }
    }

    /// What was announced before is still passed on; then `run` ends.
    func finish() {
        continuation.finish()
    }

    func run() async {
        for await batch in batches {
            await announce(batch)
            waiting.withLock { _ = $0.popFirst() }
        }
    }
}
