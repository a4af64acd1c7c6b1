import Synchronization
import TestSupport

/// Holds tasks until it is opened.
final class Gate: Sendable {
    private enum State {
        case closed([CheckedContinuation<Void, Never>])
        case open
    }

    private let state = Mutex(State.closed([]))

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                guard case .closed(let waiting) = state else { return true }
                state = .closed(waiting + [continuation])
                return false
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard case .closed(let waiting) = state else { return [] }
            state = .open
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// The condition did not come true within 30 s, stretched.
struct NeverHappened: Error {}

/// Lets other tasks run until `condition` holds.
func until(_ condition: @Sendable () -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(30).stretched
    while !condition() {
        guard ContinuousClock.now < end else { throw NeverHappened() }
        await Task.yield()
    }
}

/// A number that several tasks count up and down.
final class Tally: Sendable {
    private let value = Atomic(0)

    var count: Int { value.load(ordering: .relaxed) }

    /// - Returns: the number after the change.
    @discardableResult
    func add(_ amount: Int) -> Int { value.wrappingAdd(amount, ordering: .relaxed).newValue }
}
