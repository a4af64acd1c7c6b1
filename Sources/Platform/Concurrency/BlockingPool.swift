import NIOPosix
import Synchronization

/// A fixed number of threads for work that blocks: file writes, fsync, password hashing.
///
/// The cooperative pool and the event loops have about one thread per core; a call that waits for a disk belongs here.
/// Work starts in the order of submission. The queue is unbounded, so callers bound themselves (one piece of work per
/// upload, a batch per commit).
public final class BlockingPool: Sendable {
    public let name: String
    /// The number of threads, hence of pieces of work that run at the same time.
    public let size: Int
    private let pool: NIOThreadPool
    private let counts = Counts()

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - name: shown by `ps -L`, followed by the number of the thread; the kernel keeps 15 bytes in all.
    ///   - size: at least 1.
    public init(name: String, size: Int) {
        precondition(size > 0, "a pool needs a thread")
        self.name = name
        self.size = size
        pool = NIOThreadPool(numberOfThreads: size)
        // The plain `start()` cannot name the threads.
        pool._start(threadNamePrefix: String(name.prefix(12)) + "-")
    }

    /// Pool threads end with the pool when nobody has called `shutDown()`.
    deinit {
        pool.shutdownGracefully { _ in }
    }

    /// Pieces of work submitted and not yet finished.
    public var load: Int { counts.pending.load(ordering: .relaxed) }

    /// Runs `body` on one of the threads and returns what it returned.
    ///
    /// Cancellation is noticed until the work starts; work that runs is waited for, as its effects cannot be taken back.
    ///
    /// - Throws: what `body` threw, `CancellationError`, or `BlockingPoolClosed`.
    public func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try Task.checkCancellation()
        let cancelled = Flag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                counts.pending.wrappingAdd(1, ordering: .relaxed)
                pool.submit { [counts] state in
                    defer { counts.pending.wrappingSubtract(1, ordering: .relaxed) }
                    guard state == .active else { return continuation.resume(throwing: BlockingPoolClosed()) }
                    guard !cancelled.value.load(ordering: .relaxed) else { return continuation.resume(throwing: CancellationError()) }
                    continuation.resume(with: Result(catching: body))
                }
            }
        } onCancel: {
            cancelled.value.store(true, ordering: .relaxed)
        }
    }

    /// Waits for the work that runs and ends the threads. Work still queued, and work submitted later, is refused.
    public func shutDown() async {
        await withCheckedContinuation { continuation in
            pool.shutdownGracefully { _ in continuation.resume() }
        }
    }

    private final class Flag: Sendable {
        let value = Atomic(false)
    }

    private final class Counts: Sendable {
        let pending = Atomic(0)
    }
}

/// The pool has been shut down and takes no more work.
public struct BlockingPoolClosed: Error, CustomStringConvertible {
    public init() {}
    public var description: String { "shutting down" }
}
