import Jobs
import Testing

/// What a worker plans, given what the queue tells it. The schedule ticks at every full minute of noon to one o'clock.
@Suite struct SchedulePlanTests {
    private static let noon = "2026-11-23T12:00:00Z"

    private func job(
        _ catchUp: ScheduledJob.CatchUp = .once, _ overlap: ScheduledJob.Overlap = .allow, _ schedule: Schedule? = nil
    ) throws -> ScheduledJob {
        try ScheduledJob(
            name: "noon", schedule: schedule ?? .cron("* 12 * * *", zone: "UTC"), job: Chime(), catchUp: catchUp, overlap: overlap)
    }

    private func state(_ watermark: Int64, of job: ScheduledJob) -> String {
        ScheduleState(watermark: watermark, fired: "", schedule: job.schedule.description).text
    }

    private func plan(_ step: ScheduledJob.Step) throws -> SchedulePlan {
        guard case .fire(let plan) = step else { throw Unexpected(step: step) }
        return plan
    }

    private struct Unexpected: Error {
        let step: ScheduledJob.Step
    }

    @Test func nothingIsDueBetweenTicks() throws {
        let (job, noon) = (try job(), try instant(Self.noon))
        #expect(job.step(seeing: state(noon, of: job), at: noon * 1000 + 59_999) == .wait(until: noon + 60))
        #expect(job.step(seeing: state(noon + 3540, of: job), at: (noon + 7200) * 1000) == .wait(until: noon + 86_400))
    }

    @Test func aTickIsDueFromItsInstantOn() throws {
        let (job, noon) = (try job(), try instant(Self.noon))
        let seen = state(noon - 60, of: job)
        let expected = SchedulePlan(seen: seen, holds: noon * 1000..<(noon + 60) * 1000, watermark: noon, ticks: [noon], missed: 0)
        #expect(job.step(seeing: seen, at: noon * 1000) == .fire(expected))
        #expect(job.step(seeing: seen, at: noon * 1000 + 59_999) == .fire(expected))
    }

    @Test func missedTicksAreCaughtUpAsThePolicySays() throws {
        let noon = try instant(Self.noon)
        let now = noon * 1000 + 5 * 60_000 + 30_000
        func ticks(_ catchUp: ScheduledJob.CatchUp) throws -> SchedulePlan {
            let job = try job(catchUp)
            return try plan(job.step(seeing: state(noon, of: job), at: now))
        }
        let last = noon + 300
        #expect(try ticks(.once).ticks == [last])
        #expect(try ticks(.once).missed == 4)
        #expect(try ticks(.skip(laterThan: .seconds(30))).ticks == [last])
        #expect(try ticks(.skip(laterThan: .seconds(30))).holds.upperBound == (last + 31) * 1000)
        #expect(try ticks(.skip(laterThan: .seconds(29))).ticks == [])
        #expect(try ticks(.skip(laterThan: .seconds(29))).missed == 5)
        #expect(try ticks(.each(upTo: 1)).ticks == [last])
        #expect(try ticks(.each(upTo: 3)).ticks == [last - 120, last - 60, last])
        #expect(try ticks(.each(upTo: 3)).missed == 2)
        #expect(try ticks(.each(upTo: 100)).ticks == (1...5).map { noon + 60 * $0 })
        #expect(try ticks(.each(upTo: 100)).missed == 0)
        for policy in [ScheduledJob.CatchUp.once, .skip(laterThan: .seconds(5)), .each(upTo: 2)] {
            #expect(try ticks(policy).watermark == last)
            #expect(try ticks(policy).holds.lowerBound == last * 1000)
        }
    }

    @Test("years without a worker take no time")
    func longAbsence() throws {
        let job = try job(.each(upTo: 100), .allow, .every(.seconds(1)))
        let noon = try instant(Self.noon)
        let plan = try plan(job.step(seeing: state(noon - 20 * 366 * 86_400, of: job), at: noon * 1000))
        #expect(plan.ticks == (noon - 99...noon).map { $0 })
        #expect(plan.missed == 900, "counted up to a limit")
    }

    @Test func aNewScheduleStartsNow() throws {
        let (job, noon) = (try job(.each(upTo: 100)), try instant(Self.noon))
        let claim = try plan(job.step(seeing: "", at: noon * 1000 - 30_000))
        #expect(claim == SchedulePlan(seen: "", holds: noon * 1000 - 30_000..<noon * 1000, watermark: noon - 40, ticks: [], missed: 0))
        #expect(try plan(job.step(seeing: "", at: noon * 1000 + 9_000)).ticks == [noon], "a tick of the last seconds")
        #expect(try plan(job.step(seeing: "", at: noon * 1000 + 75_000)).ticks == [], "none of before")
        for damaged in ["12", "x|y|z", "-5||\(job.schedule)", "99999999999999||\(job.schedule)", "|||", "1|2"] {
            #expect(try plan(job.step(seeing: damaged, at: noon * 1000 - 30_000)).watermark == noon - 40, "\(damaged)")
        }
    }

    @Test func aNewIntervalFiresAtOnce() throws {
        let (job, noon) = (try job(.once, .skip, .every(.seconds(3600))), try instant(Self.noon))
        let plan = try plan(job.step(seeing: "", at: (noon + 1800) * 1000))
        #expect(plan.ticks == [noon])
        #expect(plan.missed == 0)
    }

    @Test("a changed expression, zone or interval takes effect without a storm")
    func change() throws {
        let noon = try instant(Self.noon)
        let schedules = try [
            Schedule.cron("* 12 * * *", zone: "UTC"), .cron("* * * * *", zone: "UTC"), .cron("* 12 * * *", zone: "Europe/Berlin"),
            .every(.seconds(60)), .every(.seconds(3600)),
        ]
        for old in schedules {
            for new in schedules where new.description != old.description {
                let (before, after) = (try job(.each(upTo: 100), .allow, old), try job(.each(upTo: 100), .allow, new))
                // A month ago, and in the middle of a minute: nothing is due but what the new schedule says from now on.
                let seen = state(noon - 30 * 86_400, of: before)
                let plan = try plan(after.step(seeing: seen, at: (noon + 30) * 1000))
                #expect(plan.ticks == [] && plan.missed == 0, "\(old) to \(new)")
                #expect(plan.watermark == noon + 20)
                #expect(plan.holds.upperBound == new.next(after: noon + 30).map { $0 * 1000 })
            }
        }
    }

    @Test("versions of a program that disagree lose no tick to each other, and repeat none")
    func disagreement() throws {
        let noon = try instant(Self.noon)
        let old = try job(.once, .allow, .cron("0 12 * * *", zone: "UTC"))
        let new = try job(.once, .allow, .cron("0,30 12 * * *", zone: "UTC"))
        // The old one has claimed the state just before noon; the new one comes first.
        let claimed = state(noon - 3, of: old)
        #expect(try plan(new.step(seeing: claimed, at: noon * 1000 + 20)).ticks == [noon])
        #expect(try plan(old.step(seeing: state(noon, of: new), at: noon * 1000 + 30)).ticks == [], "the same tick under the same name")
    }

    @Test func aClockThatIsSetBackRepeatsNothing() throws {
        let (job, noon) = (try job(.each(upTo: 100)), try instant(Self.noon))
        #expect(job.step(seeing: state(noon + 600, of: job), at: noon * 1000) == .wait(until: noon + 660))
        let anew = try plan(job.step(seeing: state(noon + 4000, of: job), at: (noon - 30) * 1000))
        #expect(anew.watermark == noon - 40, "a watermark of a time that may never come is not waited for")
    }

    @Test func whatAJobMayNotBeIsRefused() throws {
        let schedule = try Schedule.every(.seconds(60))
        func refusal(
            _ name: String = "n", _ catchUp: ScheduledJob.CatchUp = .once, _ overlap: ScheduledJob.Overlap = .allow, text: String = ""
        ) -> JobsError.Code? {
            #expect(throws: JobsError.self) {
                try ScheduledJob(name: name, schedule: schedule, job: Chime(text: text), catchUp: catchUp, overlap: overlap)
            }?.code
        }
        #expect(refusal("") == .invalidJob)
        #expect(refusal("a b") == .invalidJob)
        #expect(refusal("a|b") == .invalidJob)
        #expect(refusal(String(repeating: "n", count: 108)) == .invalidJob)
        #expect(refusal("n", .each(upTo: 0)) == .invalidJob)
        #expect(refusal("n", .each(upTo: 101)) == .invalidJob)
        #expect(refusal("n", .each(upTo: 2), .skip) == .invalidJob)
        #expect(refusal("n", .skip(laterThan: .zero)) == .invalidJob)
        #expect(refusal("n", .skip(laterThan: .seconds(1 << 60))) == .invalidJob)
        #expect(refusal(text: String(repeating: "x", count: 2000)) == .payloadTooLarge)
        let longest = String(repeating: "n", count: 107)
        #expect(throws: Never.self) {
            try ScheduledJob(name: longest, schedule: schedule, job: Chime(), catchUp: .once, overlap: .skip)
        }
    }
}
