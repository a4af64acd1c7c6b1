import Jobs
import Testing

@Suite struct PacingTests {
    private func situation(_ change: (inout Pacing.Situation) -> Void) -> Pacing.Situation {
        var situation = Pacing.Situation()
        change(&situation)
        return situation
    }

    @Test func anIdleConsumerClaimsItsFreeSlotsAndNoMore() {
        let pacing = Pacing(slots: 8, maximumPrefetch: 100)
        #expect(pacing.next(situation { $0.mayHaveWork = true }) == .cycle(want: 8))
        #expect(pacing.next(situation { ($0.mayHaveWork, $0.running) = (true, 5) }) == .cycle(want: 3))
        #expect(pacing.next(situation { ($0.mayHaveWork, $0.running) = (true, 8) }) == .wait(nil))
    }

    @Test func withoutWorkItWaitsForASignal() {
        #expect(Pacing(slots: 8, maximumPrefetch: 100).next(situation { _ in }) == .wait(nil))
    }

    @Test func slowJobsAreNotPrefetchedAndFastOnesAre() {
        var pacing = Pacing(slots: 8, maximumPrefetch: 100)
        pacing.observe(ended: 8, in: .seconds(1))
        #expect(pacing.prefetch == 0)
        pacing.observe(ended: 50, in: .milliseconds(4))
        #expect(pacing.prefetch == 50)
        pacing.observe(ended: 100_000, in: .milliseconds(1))
        #expect(pacing.prefetch == 100)
        for _ in 0..<40 { pacing.observe(ended: 1, in: .seconds(1)) }
        #expect(pacing.prefetch == 0)
    }

    @Test func theNextClaimComesWhenTheBacklogIsHalfEmpty() {
        var pacing = Pacing(slots: 8, maximumPrefetch: 100)
        pacing.observe(ended: 1000, in: .milliseconds(1))
        #expect(pacing.next(situation { ($0.mayHaveWork, $0.running, $0.backlog) = (true, 8, 51) }) == .wait(nil))
        #expect(pacing.next(situation { ($0.mayHaveWork, $0.running, $0.backlog) = (true, 8, 50) }) == .cycle(want: 50))
    }

    @Test func acknowledgementsWaitForCompanyButNotLong() {
        let pacing = Pacing(slots: 8, maximumPrefetch: 100)
        let few = situation { ($0.running, $0.acknowledgements) = (8, 3) }
        #expect(pacing.next(few) == .wait(.milliseconds(2)))
        #expect(pacing.next(situation { ($0.running, $0.acknowledgements, $0.waiting) = (8, 3, .milliseconds(2)) }) == .cycle(want: 0))
        #expect(pacing.next(situation { ($0.running, $0.acknowledgements) = (8, 64) }) == .cycle(want: 0))
        #expect(pacing.next(situation { $0.acknowledgements = 1 }) == .cycle(want: 8))
    }

    @Test func aDrainingConsumerClaimsNothing() {
        let pacing = Pacing(slots: 8, maximumPrefetch: 100)
        #expect(pacing.next(situation { ($0.mayHaveWork, $0.isDraining) = (true, true) }) == .wait(nil))
        #expect(pacing.next(situation { ($0.mayHaveWork, $0.isDraining, $0.acknowledgements) = (true, true, 1) }) == .cycle(want: 0))
    }
}

@Suite struct ServerCheckTests {
    @Test("H95 a server before 7.0 is refused, with its version")
    func oldServer() {
        #expect(ServerCheck(info: "redis_version:6.2.14\r\n").refusal?.contains("6.2.14") == true)
        #expect(ServerCheck(info: "").refusal != nil)
        #expect(ServerCheck(info: "redis_version:7.0.15\r\n").refusal == nil)
        #expect(ServerCheck(info: "redis_version:10.1.0\r\n").refusal == nil)
    }

    @Test("H95 eviction, missing AOF and a replica are named")
    func warnings() {
        let info = "redis_version:7.0.15\r\nmaxmemory_policy:allkeys-lru\r\naof_enabled:0\r\nrole:slave\r\n"
        #expect(ServerCheck(info: info).warnings.count == 3)
        #expect(
            ServerCheck(info: "redis_version:7.0.15\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\nrole:master\r\n").warnings.isEmpty)
    }
}
