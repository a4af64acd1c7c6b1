import DequeModule
public import ServiceLifecycle
import Synchronization

/// Gathers items that concurrent tasks submit and hands them to one function in batches (group commit).
///
/// While fewer than `maximumInFlight` batches are being processed, whatever waits is taken at once: an item submitted to
/// an idle batcher is not delayed. While all are busy, items pile up and the next batch is larger. So the size of a
/// batch follows the load and no timer is needed.
///
/// Items are taken in the order of submission. A batcher must be running (`run()`) for `submit` to return.
public final class Batcher<Item: Sendable, Output: Sendable>: Service {
    /// The outcome for each item of a batch, in the order of the items.
    public typealias Process = @Sendable ([Item]) async -> [Result<Output, any Error>]

    private struct Entry: Sendable {
        let item: Item
        let continuation: CheckedContinuation<Output, any Error>
    }

    private struct State {
        var waiting: Deque<Entry> = []
        var isClosed = false
    }

    private let maximumItems: Int
    private let maximumInFlight: Int
    private let weight: @Sendable (Item) -> Int
    private let process: Process
    private let state = Mutex(State())
    private let signal: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - maximumItems: the largest batch.
    ///   - maximumInFlight: how many batches may be processed at the same time.
    ///   - weight: for how many items an item counts; one that counts for more than `maximumItems` is a batch of its own.
    ///   - process: receives 1…`maximumItems` items and returns one result for each.
    public init(
        maximumItems: Int, maximumInFlight: Int, weight: @escaping @Sendable (Item) -> Int = { _ in 1 }, process: @escaping Process
    ) {
        precondition(maximumItems > 0 && maximumInFlight > 0, "a batcher needs room for an item and a batch")
        self.maximumItems = maximumItems
        self.maximumInFlight = maximumInFlight
        self.weight = weight
        self.process = process
        (signal, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Items submitted and not yet part of a batch.
    public var backlog: Int { state.withLock { $0.waiting.count } }

    /// Whether the batcher refuses items.
    public var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Submits one item and waits for its result.
    ///
    /// - Throws: what `process` said for this item, or `BatcherClosed` when the batcher has ended. Cancelling the
    ///   caller does not withdraw the item: whether it was processed is never in doubt.
    public func submit(_ item: Item) async throws -> Output {
        try await withCheckedThrowingContinuation { continuation in
            let accepted = state.withLock { state in
                guard !state.isClosed else { return false }
                state.waiting.append(Entry(item: item, continuation: continuation))
                return true
            }
            guard accepted else { return continuation.resume(throwing: BatcherClosed()) }
            wake.yield()
        }
    }

    /// Processes batches until graceful shutdown or cancellation; then finishes what was submitted and refuses the rest.
    public func run() async {
        await withTaskCancellationOrGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                var inFlight = 0
                for await _ in signal {
                    while hasWaiting {
                        if inFlight == maximumInFlight {
                            await group.next()
                            inFlight -= 1
                        }
                        guard let batch = take() else { break }
                        group.addTask { [self] in await settle(batch) }
                        inFlight += 1
                    }
                }
            }
        } onCancelOrGracefulShutdown: { [self] in
            close()
        }
        close()
        while let batch = take() { await settle(batch) }
    }

    private func close() {
        state.withLock { $0.isClosed = true }
        wake.finish()
    }

    private var hasWaiting: Bool { state.withLock { !$0.waiting.isEmpty } }

    private func take() -> [Entry]? {
        state.withLock { state in
            guard let first = state.waiting.first else { return nil }
            var total = weight(first.item)
            var count = 1
            while count < state.waiting.count, case let next = weight(state.waiting[count].item), total + next <= maximumItems {
                total += next
                count += 1
            }
            let batch = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            return batch
        }
    }

    private func settle(_ batch: [Entry]) async {
        let results = await process(batch.map(\.item))
        precondition(results.count == batch.count, "a batch of \(batch.count) got \(results.count) results")
        for (entry, result) in zip(batch, results) { entry.continuation.resume(with: result) }
    }
}

/// The batcher has ended and takes no more items.
public struct BatcherClosed: Error, CustomStringConvertible {
    public init() {}
    public var description: String { "shutting down" }
}
