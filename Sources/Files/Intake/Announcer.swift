import DequeModule
import Synchronization

/// Tells the queue about new files without making an upload wait for the queue.
///
/// A file that comes alone is told of at once. Where several come at a time, a burst, they are taken in first and their transfers begin
/// after it: where both share a machine it is accepted faster, and is carried away as early.
package final class Announcer: Sendable {
    /// Announcements that may wait. While the queue is down the oldest ones wait and newer ones are left to Reconcile.
    private static let limit = 256
    /// The most files of one announcement.
    package static let size = 256

    private let pause: Duration
    private let announce: @Sendable ([FileRecord]) async -> Void
    private let batches: AsyncStream<[FileRecord]>
    private let continuation: AsyncStream<[FileRecord]>.Continuation
    private let burst: Mutex<Burst>
    /// That files are held back, when none were.
    private let holding: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)
    /// Since when each of them waits.
    private let waiting = Mutex<Deque<ContinuousClock.Instant>>([])

    /// - Parameters:
    ///   - patience: the longest that a file is held back while others are accepted.
    ///   - pause: the time without any that ends a burst: more than clients take from an answer to their next request.
    package init(
        patience: Duration, pause: Duration = .milliseconds(10), announce: @escaping @Sendable ([FileRecord]) async -> Void
    ) {
        self.pause = pause
        self.announce = announce
        burst = Mutex(Burst(patience: patience, pause: pause))
        holding = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
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
        burst.withLock { $0.expect() }
    }

    /// Groups have come to their end.
    ///
    /// - Parameters:
    ///   - groups: how many of those that were expected.
    ///   - accepted: their files that were accepted.
    package func settle(_ groups: Int, accepted: [FileRecord]) {
        let isHolding = burst.withLock { burst in
            burst.settle(groups, accepted: accepted, at: .now)
            pass(burst.takeDue(at: .now))
            return burst.isHolding
        }
        if isHolding { holding.continuation.yield() }
    }

    /// What was accepted before is still passed on; then `run` ends.
    package func finish() {
        burst.withLock { pass($0.takeHeld()) }
        holding.continuation.finish()
        continuation.finish()
    }

    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.endBursts() }
            for await batch in batches {
                await announce(batch)
                waiting.withLock { _ = $0.popFirst() }
            }
            group.cancelAll()
        }
    }

    private func endBursts() async {
        for await _ in holding.stream {
            while burst.withLock({ $0.isHolding }) {
                // Looked at now and then, since each file that comes would put it off.
                do { try await Task.sleep(for: pause) } catch { return }
                burst.withLock { pass($0.takeDue(at: .now)) }
            }
        }
    }

    /// Under the lock of `burst`, so that what was taken is passed on before the stream is finished.
    private func pass(_ records: [FileRecord]) {
        for start in stride(from: 0, to: records.count, by: Self.size) {
            waiting.withLock { waiting in
                let batch = Array(records[start..<min(start + Self.size, records.count)])
                if case .enqueued = continuation.yield(batch) { waiting.append(.now) }
            }
        }
    }
}
