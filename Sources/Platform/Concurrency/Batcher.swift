import DequeModule
public import ServiceLifecycle
import Synchronization

/// Gathers items that concurrent tasks submit and hands them to one function in batches (group commit).
///
/// While fewer than `maximumInFlight` batches are being processed, whatever waits is taken at once: an item submitted to
/// an idle batcher is not delayed. While all are busy, items pile up and the next batch is larger. So the size of a
/// batch follows the load and no timer is needed.
///
/// Items of one lane are taken in the order of submission, and the lanes take turns: who submits a thousand holds up nobody who
/// submits one. A batcher must be running (`run()`) for `submit` to return.
public final class Batcher<Item: Sendable, Output: Sendable>: Service {
    /// The outcome for each item of a batch, in the order of the items.
    public typealias Process = @Sendable ([Item]) async -> [Result<Output, any Error>]

    private struct Entry: Sendable {
        let item: Item
        let continuation: CheckedContinuation<Output, any Error>
    }

    private struct State {
        var waiting: [UserID?: Deque<Entry>] = [:]
        /// The lanes in which something waits, in the order of their turns.
        var turns: Deque<UserID?> = []
        var count = 0
        var isClosed = false

        mutating func add(_ entry: Entry, to lane: UserID?) {
            if waiting[lane] == nil { turns.append(lane) }
            waiting[lane, default: []].append(entry)
            count += 1
        }

        /// The next entry, unless it weighs more than `most`.
        mutating func next(atMost most: Int, _ weight: (Item) -> Int) -> Entry? {
            guard let lane = turns.first, let entry = waiting[lane]?.first, weight(entry.item) <= most else { return nil }
            turns.removeFirst()
            waiting[lane]?.removeFirst()
            if waiting[lane]?.isEmpty == true { waiting[lane] = nil } else { turns.append(lane) }
            count -= 1
            return entry
        }
    }

    private let maximumItems: Int
    private let maximumInFlight: Int
    private let weight: @Sendable (Item) -> Int
    private let lane: @Sendable (Item) -> UserID?
    private let process: Process
    private let state = Mutex(State())
    private let signal: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - maximumItems: the largest batch.
    ///   - maximumInFlight: how many batches may be processed at the same time.
    ///   - weight: for how many items an item counts; one that counts for more than `maximumItems` is a batch of its own.
    ///   - lane: whose an item is; all share one lane unless told.
    ///   - process: receives 1…`maximumItems` items and returns one result for each.
    public init(
        maximumItems: Int, maximumInFlight: Int, weight: @escaping @Sendable (Item) -> Int = { _ in 1 },
        lane: @escaping @Sendable (Item) -> UserID? = { _ in nil }, process: @escaping Process
    ) {
        precondition(maximumItems > 0 && maximumInFlight > 0, "a batcher needs room for an item and a batch")
        self.maximumItems = maximumItems
        self.maximumInFlight = maximumInFlight
        self.weight = weight
        self.lane = lane
        self.process = process
        (signal, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Items submitted and not yet part of a batch.
    public var backlog: Int { state.withLock { $0.count } }

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
                state.add(Entry(item: item, continuation: continuation), to: lane(item))
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

    private var hasWaiting: Bool { state.withLock { $0.count > 0 } }

    private func take() -> [Entry]? {
        state.withLock { state in
            guard let first = state.next(atMost: .max, weight) else { return nil }
            var batch = [first]
            var room = maximumItems - weight(first.item)
            while let next = state.next(atMost: room, weight) {
                room -= weight(next.item)
                batch.append(next)
            }
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
