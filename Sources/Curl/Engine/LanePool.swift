import DequeModule
import Logging
import Synchronization

/// Why a lane did not run a piece of work.
enum LaneRefusal: Error {
    case cancelled
    case closed
}

/// Lanes to one target and the queue before them.
///
/// Work goes to the lane that was used last (its connection is the freshest); when all lanes are busy it waits in the
/// order of submission. Lanes start on demand and end after a while without work.
final class LanePool: Sendable {
    private struct State {
        var waiting: Deque<LaneWork> = []
        var idle: [CurlLane] = []
        var running: [ObjectIdentifier: CurlLane] = [:]
        var laneCount = 0
        var isClosed = false
        var watchers: [CheckedContinuation<Void, Never>] = []
    }

    private enum Placement {
        case refused(LaneRefusal)
        case queued
        case wake(CurlLane)
        case start(CurlLane)
    }

    let name: String
    let idleLimit: Duration
    let logger: Logger
    private let maximumLanes: Int
    private let state = Mutex(State())

    init(name: String, maximumLanes: Int, idleLimit: Duration, logger: Logger) {
        precondition(maximumLanes > 0, "a pool needs a lane")
        self.name = name
        self.maximumLanes = maximumLanes
        self.idleLimit = idleLimit
        self.logger = logger
    }

    /// Runs `body` on a lane's thread. It must not be called from a lane.
    ///
    /// Cancelling the caller withdraws work that waits, and makes a running transfer end with
    /// `CURLE_ABORTED_BY_CALLBACK`; `body` decides what that means and still returns.
    func run<Output: Sendable>(
        _ body: @escaping @Sendable (CurlSession) -> Output
    ) async throws(LaneRefusal) -> Output {
        let ticket = LaneTicket()
        let outcome: Result<Output, LaneRefusal> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                submit(
                    LaneWork(
                        ticket: ticket,
                        run: { continuation.resume(returning: .success(body($0))) },
                        refuse: { continuation.resume(returning: .failure($0)) }))
            }
        } onCancel: {
            cancel(ticket)
        }
        return try outcome.get()
    }

    private func submit(_ work: LaneWork) {
        let placement = state.withLock { state -> Placement in
            if state.isClosed { return .refused(.closed) }
            if work.ticket.isCancelled { return .refused(.cancelled) }
            if let lane = state.idle.popLast() {
                lane.give(work)
                state.running[ObjectIdentifier(work.ticket)] = lane
                return .wake(lane)
            }
            guard state.laneCount < maximumLanes else {
                state.waiting.append(work)
                return .queued
            }
            state.laneCount += 1
            return .start(makeLane(for: work, in: &state))
        }
        switch placement {
        case .refused(let reason): work.refuse(reason)
        case .queued: break
        case .wake(let lane): lane.wake()
        case .start(let lane): lane.start()
        }
    }

    private func makeLane(for work: LaneWork, in state: inout State) -> CurlLane {
        let lane = CurlLane(pool: self)
        lane.give(work)
        state.running[ObjectIdentifier(work.ticket)] = lane
        return lane
    }

    private func cancel(_ ticket: LaneTicket) {
        let (withdrawn, lane) = state.withLock { state -> (LaneWork?, CurlLane?) in
            ticket.cancel()
            guard let index = state.waiting.firstIndex(where: { $0.ticket === ticket }) else {
                return (nil, state.running[ObjectIdentifier(ticket)])
            }
            return (state.waiting.remove(at: index), nil)
        }
        withdrawn?.refuse(.cancelled)
        lane?.wake()
    }

    /// The lane has finished `done`: its next work, or nil when it now counts as idle.
    func next(for lane: CurlLane, after done: LaneTicket) -> LaneWork? {
        state.withLock { state in
            state.running[ObjectIdentifier(done)] = nil
            if let work = state.waiting.popFirst() {
                state.running[ObjectIdentifier(work.ticket)] = lane
                return work
            }
            if !state.isClosed { state.idle.append(lane) }
            return nil
        }
    }

    /// Takes an idle lane out, so that no work can reach it any more.
    ///
    /// - Returns: false when work has been given to it meanwhile.
    func retire(_ lane: CurlLane) -> Bool {
        state.withLock { state in
            guard let index = state.idle.firstIndex(where: { $0 === lane }) else { return false }
            state.idle.remove(at: index)
            return true
        }
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    func laneEnded() {
        let (successor, watchers) = state.withLock { state -> (CurlLane?, [CheckedContinuation<Void, Never>]) in
            // Submitted after the lane was out of reach, while it still counted.
            if let work = state.waiting.popFirst() {
                return (makeLane(for: work, in: &state), [])
            }
            state.laneCount -= 1
            guard state.laneCount == 0 else { return (nil, []) }
            defer { state.watchers = [] }
            return (nil, state.watchers)
        }
        successor?.start()
        for watcher in watchers { watcher.resume() }
    }

    /// Refuses waiting and future work, aborts running transfers and tells every lane to end.
    func refuseAll() {
        let (waiting, lanes) = state.withLock { state -> (Deque<LaneWork>, [CurlLane]) in
            state.isClosed = true
            defer {
                state.waiting = []
                state.idle = []
            }
            return (state.waiting, state.idle + state.running.values)
        }
        for work in waiting { work.refuse(.closed) }
        for lane in lanes { lane.close() }
    }

    /// Returns when no lane is left.
    func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard state.laneCount > 0 else { return true }
                state.watchers.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}

/// One submission; its identity is what cancellation refers to.
final class LaneTicket: Sendable {
    private let cancelled = Atomic(false)

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    func cancel() { cancelled.store(true, ordering: .releasing) }
}

/// Exactly one of `run` and `refuse` is called, once.
struct LaneWork: Sendable {
    let ticket: LaneTicket
    let run: @Sendable (CurlSession) -> Void
    let refuse: @Sendable (LaneRefusal) -> Void
}
