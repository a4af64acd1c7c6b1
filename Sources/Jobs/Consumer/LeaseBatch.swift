import Platform
import Synchronization

/// The jobs that one cycle claimed: one epoch, one expiry.
package final class LeaseBatch: Sendable {
    private enum Phase {
        case claimed, running, lost, settled

        var isHeld: Bool { self == .claimed || self == .running }
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
    /// By this machine's clock, from before the claim was sent.
    private let sentAt: ContinuousClock.Instant
    private let stamp: [UInt8]
    private let state: Mutex<State>

    /// - Parameter sentAt: when the claim was sent, so that the lease never ends later than the server says.
    package init(reply: CycleReply, sentAt: ContinuousClock.Instant, lease: Duration) {
        self.sentAt = sentAt
        epoch = reply.epoch
        entries = reply.entries
        claimedAt = reply.now
        stamp = Array("\(reply.epoch)|".utf8)
        state = Mutex(
            State(phases: Array(repeating: .claimed, count: reply.entries.count), held: reply.entries.count, expiry: sentAt + lease))
    }

    /// What the scripts know this lease by.
    func member(_ index: Int) -> [UInt8] {
        stamp + entries[index]
    }

    var isFinished: Bool { state.withLock { $0.held == 0 } }

    func isHeld(_ index: Int) -> Bool {
        state.withLock { $0.phases[index].isHeld }
    }

    func isCurrent(_ index: Int) -> Bool {
        state.withLock { $0.phases[index].isHeld && ContinuousClock.now < $0.expiry }
    }

    /// The server's time now, ms; too late by the way of the claim rather than too early.
    var serverTime: Int64 { claimedAt + sentAt.duration(to: .now).milliseconds }

    /// From here on the job counts as running.
    /// - Returns: false when its lease is lost or has expired, as after a freeze: it must not be started.
    package func start(_ index: Int) -> Bool {
        state.withLock { state in
            guard state.phases[index] == .claimed, .now < state.expiry else { return false }
            state.phases[index] = .running
            return true
        }
    }

    /// - Returns: whether it was held until now.
    @discardableResult
    package func lose(_ index: Int) -> Bool { leave(index, .lost) }

    func settle(_ index: Int) { leave(index, .settled) }

    @discardableResult
    private func leave(_ index: Int, _ phase: Phase) -> Bool {
        state.withLock { state in
            guard state.phases[index].isHeld else { return false }
            state.phases[index] = phase
            state.held -= 1
            return true
        }
    }

    func renew(until expiry: ContinuousClock.Instant) {
        state.withLock { $0.expiry = max($0.expiry, expiry) }
    }

    /// The leases to renew, those of running jobs and those of waiting ones, if they expire before `instant`.
    func held(expiringBefore instant: ContinuousClock.Instant) -> (running: [Int], waiting: [Int]) {
        state.withLock { state in
            guard state.expiry < instant else { return ([], []) }
            return (
                state.phases.indices.filter { state.phases[$0] == .running }, state.phases.indices.filter { state.phases[$0] == .claimed }
            )
        }
    }

    /// Gives up all leases that are held.
    func loseAll() -> [Int] {
        state.withLock { state in
            let held = state.phases.indices.filter { state.phases[$0].isHeld }
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

    func start() -> Bool { batch.start(index) }

    static func == (left: Self, right: Self) -> Bool {
        left.batch === right.batch && left.index == right.index
    }
}
