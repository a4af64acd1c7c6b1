import NIOCore
import Redis
import Testing

@Suite struct ConnectionStateTests {
    private typealias State = ConnectionState<Int>
    private let start = NIODeadline.now()

    private func make(maximum: Int = 100, takesPushes: Bool = false) -> State {
        State(patience: .seconds(5), maximumCommands: maximum, takesPushes: takesPushes)
    }

    /// Submits a command whose caller waits `seconds`.
    @discardableResult
    private func submit(_ token: Int, batch: Int? = nil, seconds: Int64 = 5, to state: inout State) -> RedisError.Code? {
        switch state.submit(token, batch: batch, deadline: start + .seconds(seconds), now: start) {
        case .write: nil
        case .refuse(let error): error.code
        }
    }

    private func describe(_ reception: State.Reception) -> String {
        switch reception {
        case .wait: "wait"
        case .complete(let token, let value): "complete \(token) \(text(value))"
        case .completeAndClose(let token, let value, let error): "complete \(token) \(text(value)), close \(error.code)"
        case .push(let value): "push \(text(value))"
        case .close(let error): "close \(error.code)"
        case .ignore: "ignore"
        }
    }

    private func text(_ value: RedisValue) -> String {
        switch value {
        case .integer(let number): "\(number)"
        case .array(let values): "[" + values.map(text).joined(separator: " ") + "]"
        case .error(let sentence): sentence
        default: value.string ?? "null"
        }
    }

    @Test func `replies go to the commands in order`() {
        var state = make()
        for token in 1...3 { submit(token, to: &state) }
        #expect((1...3).map { describe(state.receive(.integer($0))) } == ["complete 1 1", "complete 2 2", "complete 3 3"])
    }

    @Test func `a batch completes with its last reply`() {
        var state = make()
        submit(1, batch: 3, to: &state)
        submit(2, to: &state)
        let actions = (1...4).map { describe(state.receive(.integer($0))) }
        #expect(actions == ["wait", "wait", "complete 1 [1 2 3]", "complete 2 4"])
    }

    @Test func `a reply to nothing closes`() {
        var state = make()
        #expect(describe(state.receive(.integer(1))) == "close protocolViolation")
        submit(1, to: &state)
        _ = state.receive(.null)
        #expect(describe(state.receive(.null)) == "close protocolViolation")
    }

    @Test func `an expired caller keeps its place in the queue`() {
        var state = make()
        submit(1, seconds: 1, to: &state)
        submit(2, seconds: 5, to: &state)
        let timeout = state.timeOut(now: start + .seconds(2))
        #expect(timeout.expired == [1])
        #expect(timeout.close == nil)
        #expect(timeout.next == start + .seconds(5))
        #expect(describe(state.receive(.integer(1))) == "complete 1 1")
        #expect(describe(state.receive(.integer(2))) == "complete 2 2")
    }

    @Test func `a caller expires once`() {
        var state = make()
        submit(1, seconds: 1, to: &state)
        #expect(state.timeOut(now: start + .seconds(2)).expired == [1])
        #expect(state.timeOut(now: start + .seconds(3)).expired == [])
        #expect(state.close() == [])
    }

    @Test func `the watchdog closes when the oldest reply is overdue`() {
        var state = make()
        submit(1, seconds: 1, to: &state)
        submit(2, seconds: 9, to: &state)
        #expect(state.timeOut(now: start + .seconds(4)).close == nil)
        #expect(state.timeOut(now: start + .seconds(5)).close?.code == .unavailable)
        #expect(state.close() == [2])
    }

    @Test func `a long deadline of the oldest command delays the watchdog`() {
        var state = make()
        submit(1, seconds: 60, to: &state)
        submit(2, seconds: 5, to: &state)
        let timeout = state.timeOut(now: start + .seconds(30))
        #expect(timeout.expired == [2])
        #expect(timeout.close == nil)
        #expect(timeout.next == start + .seconds(60))
    }

    @Test func `a timer is set for the earliest deadline only`() {
        var state = make()
        #expect(state.timerToSet() == nil)
        submit(1, seconds: 5, to: &state)
        #expect(state.timerToSet() == start + .seconds(5))
        submit(2, seconds: 6, to: &state)
        #expect(state.timerToSet() == nil)
        submit(3, seconds: 2, to: &state)
        #expect(state.timerToSet() == start + .seconds(2))
    }

    @Test func `a timer that finds nothing is not set again until a command comes`() {
        var state = make()
        submit(1, to: &state)
        _ = state.timerToSet()
        _ = state.receive(.null)
        #expect(state.timeOut(now: start + .seconds(5)).next == nil)
        submit(2, seconds: 9, to: &state)
        #expect(state.timerToSet() == start + .seconds(9))
    }

    @Test func `too many commands are refused, but an idle connection takes any batch`() {
        var state = make(maximum: 2)
        #expect(submit(1, batch: 10, to: &state) == nil)
        #expect(submit(2, to: &state) == .unavailable)
        for _ in 0..<10 { _ = state.receive(.null) }
        #expect(submit(3, to: &state) == nil)
        #expect(submit(4, to: &state) == nil)
        #expect(submit(5, to: &state) == .unavailable)
    }

    @Test func `draining waits for the replies under way and takes no more`() {
        var state = make()
        submit(1, to: &state)
        submit(2, to: &state)
        #expect(state.drain() == nil)
        #expect(submit(3, to: &state) == .unavailable)
        #expect(describe(state.receive(.integer(1))) == "complete 1 1")
        #expect(describe(state.receive(.integer(2))) == "complete 2 2, close closed")
    }

    @Test func `draining an idle connection closes it`() {
        var state = make()
        #expect(state.drain()?.code == .closed)
    }

    @Test func `closing returns all callers, and later replies are ignored`() {
        var state = make()
        for token in 1...3 { submit(token, to: &state) }
        #expect(state.close() == [1, 2, 3])
        #expect(state.close() == [])
        #expect(describe(state.receive(.null)) == "ignore")
        #expect(submit(4, to: &state) == .unavailable)
    }

    @Test(arguments: ["LOADING Redis is loading", "READONLY You can't write", "MASTERDOWN Link with MASTER is down"])
    func `a server that cannot serve is left`(sentence: String) {
        var state = make()
        submit(1, to: &state)
        submit(2, batch: 2, to: &state)
        #expect(describe(state.receive(.error(sentence))) == "complete 1 \(sentence), close unavailable")
        #expect(describe(state.receive(.error(sentence))) == "wait")
        #expect(describe(state.receive(.integer(1))) == "complete 2 [\(sentence) 1], close unavailable")
    }

    @Test func `it is idle when nobody waits, because of a reply or because it is closed`() {
        var state = make()
        #expect(state.isIdle)
        submit(1, batch: 2, to: &state)
        #expect(!state.isIdle)
        #expect(describe(state.receive(.integer(1))) == "wait")
        #expect(!state.isIdle)
        #expect(describe(state.receive(.integer(2))) == "complete 1 [1 2]")
        #expect(state.isIdle)
        submit(2, to: &state)
        #expect(state.close() == [2])
        #expect(state.isIdle)
    }

    @Test func `other errors are replies`() {
        var state = make()
        submit(1, to: &state)
        #expect(describe(state.receive(.error("ERR no"))) == "complete 1 ERR no")
    }

    @Test func `messages of a subscription are no replies`() {
        var state = make(takesPushes: true)
        let bytes = { (text: String) in RedisValue.bytes(Array(text.utf8)) }
        let message = RedisValue.array([bytes("message"), bytes("c"), bytes("hello")])
        submit(1, batch: 2, to: &state)
        #expect(describe(state.receive(.array([bytes("subscribe"), bytes("c"), .integer(1)]))) == "wait")
        #expect(describe(state.receive(message)) == "push [message c hello]")
        #expect(describe(state.receive(.integer(2))) == "complete 1 [[subscribe c 1] 2]")
        #expect(describe(state.receive(message)) == "push [message c hello]")
    }
}
