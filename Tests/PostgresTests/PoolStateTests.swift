import Postgres
import Testing

@Suite struct PoolStateTests {
    private typealias State = PoolState<String, String>
    private let start = ContinuousClock.now
    private let failure = PostgresError(.unavailable, "down")

    private func name(_ decision: State.Decision) -> String {
        switch decision {
        case .use(let connection): "use \(connection)"
        case .open: "open"
        case .wait: "wait"
        case .fail(let error): "fail \(error.code)"
        }
    }

    private func names(_ decisions: [(String, State.Decision)]) -> [String] {
        decisions.map { "\($0.0): \(name($0.1))" }
    }

    /// A pool of `count` with all connections in use.
    private func busy(_ count: Int) -> State {
        var state = State(capacity: count)
        for _ in 0..<count {
            #expect(name(state.acquire(at: start)) == "open")
            state.opened()
        }
        return state
    }

    @Test func growsOnlyWhenNeededAndOnlyToItsCapacity() {
        var state = State(capacity: 2)
        #expect(name(state.acquire(at: start)) == "open")
        state.opened()
        _ = state.release("a")
        #expect(name(state.acquire(at: start)) == "use a")
        #expect(name(state.acquire(at: start)) == "open")
        #expect(name(state.acquire(at: start)) == "wait")
        #expect(state.total == 2)
    }

    @Test func waitersAreServedInOrder() {
        var state = busy(1)
        for waiter in ["first", "second"] {
            #expect(name(state.acquire(at: start)) == "wait")
            _ = state.enqueue(waiter)
        }
        #expect(state.release("a").waiter == "first")
        #expect(state.release("a").waiter == "second")
        #expect(state.release("a").waiter == nil)
        #expect(state.total == 1)
    }

    @Test func aWithdrawnWaiterIsNotServed() {
        var state = busy(1)
        let first = state.enqueue("first")
        _ = state.enqueue("second")
        #expect(state.withdraw(first) == "first")
        #expect(state.withdraw(first) == nil)
        #expect(state.release("a").waiter == "second")
    }

    @Test func failsFastUntilTheDelayHasPassedThenOneTries() {
        var state = State(capacity: 4)
        #expect(name(state.acquire(at: start)) == "open")
        #expect(state.openFailed(failure, retryAt: start + .seconds(1), at: start).isEmpty)
        #expect(name(state.acquire(at: start)) == "fail unavailable")
        #expect(name(state.acquire(at: start + .seconds(1))) == "open")
        #expect(name(state.acquire(at: start + .seconds(1))) == "fail unavailable")
        state.opened()
        #expect(!state.isFailing)
        #expect(name(state.acquire(at: start + .seconds(1))) == "open")
    }

    @Test func waitersFailWhenTheLastHopeIsGone() {
        var state = State(capacity: 1)
        #expect(name(state.acquire(at: start)) == "open")
        #expect(name(state.acquire(at: start)) == "wait")
        _ = state.enqueue("w")
        #expect(names(state.openFailed(failure, retryAt: start + .seconds(1), at: start)) == ["w: fail unavailable"])
        #expect(state.waiting == 0)
    }

    @Test func waitersStayWhileAConnectionIsInUse() {
        var state = State(capacity: 2)
        #expect(name(state.acquire(at: start)) == "open")
        state.opened()
        #expect(name(state.acquire(at: start)) == "open")
        _ = state.enqueue("w")
        #expect(state.openFailed(failure, retryAt: start + .seconds(1), at: start).isEmpty)
        #expect(name(state.acquire(at: start)) == "wait")
        #expect(state.release("a").waiter == "w")
    }

    @Test func aCancelledAttemptIsNoOutageAndPassesOn() {
        var state = State(capacity: 1)
        #expect(name(state.acquire(at: start)) == "open")
        _ = state.enqueue("w")
        #expect(names(state.openFailed(failure, retryAt: nil, at: start)) == ["w: open"])
        #expect(!state.isFailing)
        #expect(state.total == 1)
    }

    @Test func aBrokenConnectionIsReplacedForAWaiter() {
        var state = busy(1)
        _ = state.enqueue("w")
        #expect(names(state.discarded(at: start)) == ["w: open"])
        #expect(state.total == 1)
    }

    @Test func closingRefusesNewcomersAndEmptiesThePool() {
        var state = busy(2)
        _ = state.release("a")
        _ = state.enqueue("w")
        let closed = state.close()
        #expect(closed.idle == ["a"])
        #expect(closed.waiters == ["w"])
        #expect(name(state.acquire(at: start)) == "fail closed")
        #expect(state.release("b").close)
        #expect(state.total == 0)
    }
}
