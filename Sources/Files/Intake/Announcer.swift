import DequeModule
import Synchronization

/// Tells the queue about new files without making an upload wait for the queue.
///
/// While more files are being accepted, those before them may be held back for a moment: a burst is taken in first, and its transfers
/// begin after it. Where both share a machine it is accepted a quarter faster, and is carried away as early.
package final class Announcer: Sendable {
    /// Announcements that may wait. While the queue is down the oldest ones wait and newer ones are left to Reconcile.
    private static let limit = 256
    /// The most files of one announcement.
    package static let size = 256

    private struct Burst {
        /// Groups of files that are being accepted.
        var pending = 0
        var held: [FileRecord] = []
        /// Since when the first of them is held.
        var since = ContinuousClock.now

        mutating func takeHeld() -> [FileRecord] {
            defer { held = [] }
            return held
        }
    }

    private let patience: Duration
    private let announce: @Sendable ([FileRecord]) async -> Void
    private let batches: AsyncStream<[FileRecord]>
    private let continuation: AsyncStream<[FileRecord]>.Continuation
    private let burst = Mutex(Burst())
    /// Since when each of them waits.
    private let waiting = Mutex<Deque<ContinuousClock.Instant>>([])

    /// - Parameter patience: the longest that a file is held back while others are accepted.
    package init(patience: Duration, announce: @escaping @Sendable ([FileRecord]) async -> Void) {
        self.patience = patience
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

    /// A group of files is going to be accepted. `settle` has to follow.
    package func expect() {
        burst.withLock { $0.pending += 1 }
    }

    /// Groups have come to their end.
    ///
    /// - Parameters:
    ///   - groups: how many of those that were expected.
    ///   - accepted: their files that were accepted.
    package func settle(_ groups: Int, accepted: [FileRecord]) {
        let ready = burst.withLock { burst -> [FileRecord] in
            burst.pending -= groups
            if burst.held.isEmpty { burst.since = .now }
            burst.held += accepted
            return burst.pending == 0 || ContinuousClock.now - burst.since >= patience ? burst.takeHeld() : []
        }
        pass(ready)
    }

    /// What was accepted before is still passed on; then `run` ends.
    package func finish() {
        pass(burst.withLock { $0.takeHeld() })
        continuation.finish()
    }

    package func run() async {
        for await batch in batches {
            await announce(batch)
            waiting.withLock { _ = $0.popFirst() }
        }
    }

    private func pass(_ records: [FileRecord]) {
        for start in stride(from: 0, to: records.count, by: Self.size) {
            waiting.withLock { waiting in
                let batch = Array(records[start..<min(start + Self.size, records.count)])
                if case .enqueued = continuation.yield(batch) { waiting.append(.now) }
            }
        }
    }
}
