import Synchronization

/// The slots that a worker has for one queue, shared by the consumers of its partitions: one of them may have all of them, and none
/// waits for one longer than until some job of the worker ends.
///
/// A consumer holds slots for the jobs it runs and has claimed. What it cannot use goes back; what is free goes to whoever ran short
/// first. While somebody is short, a consumer that has more than its share gives up a slot with each job that ends.
package final class SlotPool: Sendable {
    private struct State {
        var held: [Int]
        var free: Int
        /// Members that would use one more slot, in the order in which they ran short.
        var short: [Int] = []
        var turns: Int64 = 0

        /// - Returns: who has got one.
        mutating func distribute() -> [Int] {
            var served: [Int] = []
            while free > 0, !short.isEmpty {
                let member = short.removeFirst()
                held[member] += 1
                free -= 1
                served.append(member)
            }
            return served
        }
    }

    private let total: Int
    /// One for each member: rings when it has got a slot.
    let signals: [Signal]
    private let state: Mutex<State>

    package init(total: Int, members: Int) {
        self.total = total
        signals = (0..<members).map { _ in Signal() }
        state = Mutex(State(held: Array(repeating: 0, count: members), free: total))
    }

    /// Grows with every claim.
    var turns: Int64 { state.withLock { $0.turns } }

    package func held(by member: Int) -> Int { state.withLock { $0.held[member] } }

    /// What the member has and what it might take.
    func reach(of member: Int) -> Int { state.withLock { $0.held[member] + $0.free } }

    /// Adjusts what a member has to what it needs.
    ///
    /// - Parameters:
    ///   - needed: jobs that it runs or has claimed.
    ///   - wantsMore: whether it would claim; then it keeps what it has.
    /// - Returns: what it has from now on.
    package func settle(_ member: Int, needed: Int, wantsMore: Bool) -> Int {
        let (held, served) = state.withLock { state in
            let wanted = min(total, needed)
            if state.held[member] > wanted, !wantsMore {
                state.free += state.held[member] - wanted
                state.held[member] = wanted
            } else if state.held[member] < wanted {
                let taken = min(state.free, wanted - state.held[member])
                state.held[member] += taken
                state.free -= taken
            }
            let held = state.held[member]
            let isShort = held < total && (held < wanted || wantsMore && held <= needed)
            if !isShort {
                state.short.removeAll { $0 == member }
            } else if !state.short.contains(member) {
                // Also while there are free ones: until the member comes to take them, others may have.
                state.short.append(member)
            }
            let served = state.distribute()
            return (state.held[member], served)
        }
        for other in served { signals[other].ring() }
        return held
    }

    /// Takes what is free, up to `needed` in all, for a claim.
    ///
    /// - Returns: what the member has from now on.
    package func reserve(_ member: Int, needed: Int) -> Int {
        state.withLock { state in
            let taken = min(state.free, max(0, min(total, needed) - state.held[member]))
            state.held[member] += taken
            state.free -= taken
            state.turns += 1
            return state.held[member]
        }
    }

    /// A job of the member has ended: its slot goes to one that is short and has less.
    ///
    /// - Returns: whether it did; the member has one slot less then.
    package func passOn(from member: Int) -> Bool {
        let heir = state.withLock { state -> Int? in
            guard !state.short.isEmpty, state.held[member] > 0 else { return nil }
            let index = state.short.firstIndex { other in
                other != member && (state.held[other] == 0 || state.held[other] + 2 <= state.held[member])
            }
            guard let index else { return nil }
            let heir = state.short.remove(at: index)
            state.held[member] -= 1
            state.held[heir] += 1
            return heir
        }
        if let heir { signals[heir].ring() }
        return heir != nil
    }
}

/// What one consumer knows of the pool.
struct SlotShare: Sendable {
    let pool: SlotPool
    let member: Int

    var signal: Signal { pool.signals[member] }
    var held: Int { pool.held(by: member) }
}
