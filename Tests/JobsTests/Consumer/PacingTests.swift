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
        pacing.observe(ended: 100_000, in: .milliseconds(4))
        #expect(pacing.prefetch == 100)
        for _ in 0..<40 { pacing.observe(ended: 1, in: .seconds(1)) }
        #expect(pacing.prefetch == 0)
    }

    @Test func slowJobsThatEndTogetherAreNotPrefetched() {
        var pacing = Pacing(slots: 8, maximumPrefetch: 100)
        for _ in 0..<20 {
            pacing.observe(ended: 1, in: .milliseconds(100))
            pacing.observe(ended: 4, in: .microseconds(20))
            pacing.observe(ended: 3, in: .microseconds(30))
            #expect(pacing.prefetch == 0)
        }
        // A fast run is looked at in just as small pieces.
        for _ in 0..<80 { pacing.observe(ended: 5, in: .microseconds(100)) }
        #expect(pacing.prefetch == 100)
    }

    @Test func theNextClaimComesWhenTheBacklogIsHalfEmpty() {
        var pacing = Pacing(slots: 8, maximumPrefetch: 100)
        pacing.observe(ended: 1000, in: .milliseconds(4))
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
