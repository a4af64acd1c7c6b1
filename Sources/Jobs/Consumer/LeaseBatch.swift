import Synchronization

/// The jobs that one cycle claimed: one epoch, one expiry.
final class LeaseBatch: Sendable {
    private enum Phase {
        case held, lost, settled
    }

    private struct State {
        var phases: [Phase]
        var held: Int
        var expiry: ContinuousClock.Instant
    }

    let epoch: Int64
    let entries: [[UInt8]]
    /// Server time of the claim, ms.
    let claimedAt: Int64
    private let stamp: [UInt8]
    private let state: Mutex<State>

    /// - Parameter expiry: by this machine's clock, counted from before the claim was sent, so never later than the server's.
    init(reply: CycleReply, expiry: ContinuousClock.Instant) {
        epoch = reply.epoch
        entries = reply.entries
        claimedAt = reply.now
        stamp = Array("\(reply.epoch)|".utf8)
        state = Mutex(State(phases: Array(repeating: .held, count: reply.entries.count), held: reply.entries.count, expiry: expiry))
    }

    /// What the scripts know this lease by.
    func member(_ index: Int) -> [UInt8] {
        stamp + entries[index]
    }

    var isFinished: Bool { state.withLock { $0.held == 0 } }

    func isHeld(_ index: Int) -> Bool {
        state.withLock { $0.phases[index] == .held }
    }

    func isCurrent(_ index: Int) -> Bool {
        state.withLock { $0.phases[index] == .held && ContinuousClock.now < $0.expiry }
    }

    /// - Returns: whether it was held until now.
    @discardableResult
    func lose(_ index: Int) -> Bool { leave(index, .lost) }

    func settle(_ index: Int) { leave(index, .settled) }

    @discardableResult
    private func leave(_ index: Int, _ phase: Phase) -> Bool {
        state.withLock { state in
            guard state.phases[index] == .held else { return false }
            state.phases[index] = phase
            state.held -= 1
            return true
        }
    }

    func renew(until expiry: ContinuousClock.Instant) {
        state.withLock { $0.expiry = max($0.expiry, expiry) }
    }

    /// The held leases, if they expire before `instant`.
    func held(expiringBefore instant: ContinuousClock.Instant) -> [Int] {
        state.withLock { state in state.expiry < instant ? state.phases.indices.filter { state.phases[$0] == .held } : [] }
    }

    /// Gives up all leases that are held.
    func loseAll() -> [Int] {
        state.withLock { state in
            let held = state.phases.indices.filter { state.phases[$0] == .held }
            for index in held { state.phases[index] = .lost }
            state.held = 0
            return held
        }
    }
}

/// One claimed job.
struct LeasedJob: Sendable, Equatable {
    let batch: LeaseBatch
    let index: Int

    var member: [UInt8] { batch.member(index) }

    static func == (left: Self, right: Self) -> Bool {
        left.batch === right.batch && left.index == right.index
    }
}
