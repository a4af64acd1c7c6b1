import Client
import Testing

@Suite("Retry plan")
struct RetryPlanTests {
    private static let busy = Problem(status: 503, type: "/problems/busy", title: "Busy")

    @Test("delays grow with jitter up to a minute")
    func growth() throws {
        var longest: Duration = .zero
        for _ in 0..<200 {
            var plan = RetryPlan(patience: .seconds(600))
            var bound: Duration = .milliseconds(500)
            for _ in 1..<RetryPlan.maximumTries {
                let delay = try plan.delay(after: .lost("cut"), silence: .zero)
                bound = min(.seconds(60), bound * 3)
                #expect(delay >= .milliseconds(500) && delay <= bound)
                longest = max(longest, delay)
            }
        }
        #expect(longest > .seconds(20))
    }

    @Test("the tenth failure without progress gives up; progress begins anew")
    func tries() throws {
        #expect(RetryPlan.maximumTries == 10)
        var plan = RetryPlan(patience: .seconds(600))
        for _ in 1..<RetryPlan.maximumTries { _ = try plan.delay(after: .lost("cut"), silence: .zero) }
        plan.progressed()
        #expect(try plan.delay(after: .lost("cut"), silence: .zero) <= .milliseconds(1500))
        for _ in 2..<RetryPlan.maximumTries { _ = try plan.delay(after: .busy(Self.busy, after: nil), silence: .zero) }
        #expect(throws: ClientFailure.postponed("cut")) { try plan.delay(after: .lost("cut"), silence: .zero) }
    }

    @Test("Retry-After is obeyed, and not all come back in the same moment")
    func retryAfter() throws {
        var delays: Set<Duration> = []
        for _ in 0..<50 {
            var plan = RetryPlan(patience: .seconds(600))
            let delay = try plan.delay(after: .busy(Self.busy, after: .seconds(30)), silence: .zero)
            #expect(delay >= .seconds(30) && delay <= .seconds(33))
            delays.insert(delay)
        }
        #expect(delays.count > 40)
    }

    @Test("a wait longer than one's patience is none")
    func tooLong() {
        var plan = RetryPlan(patience: .seconds(10))
        #expect(throws: ClientFailure.postponed("503 Busy; to be tried again in 3600 s")) {
            try plan.delay(after: .busy(Self.busy, after: .seconds(3600)), silence: .zero)
        }
    }

    @Test("a server out of reach is not counted but timed")
    func unreachable() throws {
        var plan = RetryPlan(patience: .seconds(100))
        for _ in 0..<100 { #expect(try plan.delay(after: .unreachable("refused"), silence: .seconds(99)) <= .seconds(1)) }
        #expect(throws: ClientFailure.unreachable("refused")) { try plan.delay(after: .unreachable("refused"), silence: .seconds(100)) }
        #expect(!plan.hasLostAnswer)
        _ = try plan.delay(after: .lost("cut"), silence: .zero)
        #expect(plan.hasLostAnswer)
    }
}
