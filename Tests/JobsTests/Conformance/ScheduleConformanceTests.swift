import Jobs
import TestSupport
import Testing

/// What every implementation of the queue does alike with the plans for a schedule.
@Suite("Conformance: schedules", .requires(.redis), .timeLimit(.minutes(Patience.factor))) struct ScheduleConformanceTests {
    private static let (first, second, third) = (Int64(1_700_000_000), Int64(1_700_003_600), Int64(1_700_007_200))

    private static func job(
        _ catchUp: ScheduledJob.CatchUp = .once, _ overlap: ScheduledJob.Overlap = .allow, every seconds: Int64 = 3600
    ) throws -> ScheduledJob {
        try ScheduledJob(name: "tick", schedule: .every(.seconds(seconds)), job: Note(), catchUp: catchUp, overlap: overlap)
    }

    /// A plan for some ticks that holds at any time.
    private static func plan(_ seen: String, _ ticks: Int64..., holds: Range<Int64> = 0..<Int64.max) -> SchedulePlan {
        SchedulePlan(seen: seen, holds: holds, watermark: ticks.last ?? 0, ticks: ticks, missed: 0)
    }

    private static func id(_ tick: Int64) -> String { "tick@\(ScheduledJob.text(of: tick))" }

    @Test("a tick fires once for many callers", arguments: TestedQueue.Kind.allCases)
    func once(_ kind: TestedQueue.Kind) async throws {
        // So long that hardly a run meets the next tick.
        let year: Int64 = 365 * 86_400
        try await TestedQueue.with(kind) { queue in
            let job = try Self.job(.once, .allow, every: year)
            let fired = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<30 { group.addTask { try await queue.settle(job).fired } }
                return try await group.reduce(0, +)
            }
            #expect(fired == 1)
            let jobs = try await queue.claim(9)
            #expect(jobs.count == 1)
            let id = try #require(jobs.first).entry.id
            let tick = try #require(ScheduledJob.tick(ofID: id))
            #expect(tick.isMultiple(of: year))
            #expect(try await queue.acknowledge(jobs) == [])
            #expect(try await queue.settle(job).fired == 0, "the tick is remembered although its job is gone")
        }
    }

    @Test("a plan is carried out only in the state it was made from", arguments: TestedQueue.Kind.allCases)
    func state(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            let job = try Self.job()
            #expect(try await queue.queue.tick(job, nil).state == "")
            let done = try await queue.queue.tick(job, Self.plan("", Self.first))
            #expect(done.isHeld && done.fired == 1)
            #expect(done.state == "\(Self.first)|\(ScheduledJob.text(of: Self.first))|every 3600 s")
            for stale in ["", "1||every 3600 s"] {
                let refused = try await queue.queue.tick(job, Self.plan(stale, Self.second))
                #expect(!refused.isHeld && refused.fired == 0)
                #expect(refused.state == done.state, "told for the next plan")
            }
            #expect(try await queue.queue.tick(job, Self.plan(done.state, Self.second)).fired == 1)
            #expect(try await queue.claim(9).ids == [Self.id(Self.first), Self.id(Self.second)])
        }
    }

    @Test("a plan holds by the clock of the queue, not of the worker", arguments: TestedQueue.Kind.allCases)
    func time(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            let job = try Self.job()
            let now = try await queue.queue.tick(job, nil).now
            for holds in [now + 3_600_000..<Int64.max, 0..<now, 0..<0] {
                let reply = try await queue.queue.tick(job, Self.plan("", Self.first, holds: holds))
                #expect(!reply.isHeld && reply.fired == 0 && reply.state == "")
            }
            #expect(try await queue.claim(9).isEmpty)
        }
    }

    @Test("without overlap, a tick does not fire while the job of an earlier one waits or runs", arguments: TestedQueue.Kind.allCases)
    func overlap(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            let job = try Self.job(.once, .skip)
            var state = try await queue.queue.tick(job, Self.plan("", Self.first)).state
            func fire(_ tick: Int64) async throws -> [Int] {
                let reply = try await queue.queue.tick(job, Self.plan(state, tick))
                #expect(reply.isHeld)
                state = reply.state
                return [reply.fired, reply.overlapped]
            }
            #expect(try await fire(Self.second) == [0, 1], "waiting")
            let running = try await queue.claim(9)
            #expect(running.ids == [Self.id(Self.first)])
            #expect(try await fire(Self.second + 60) == [0, 1], "running, and still the one to look at")
            #expect(try await queue.fail(running, .retry) == [])
            #expect(try await fire(Self.second + 120) == [0, 1], "to be retried")
            try await queue.pass(.seconds(61))
            state = try await queue.queue.tick(job, nil).state
            #expect(try await queue.fail(queue.claim(9), .dead) == [])
            #expect(try await fire(Self.third) == [1, 0], "dead ones do not count")
            #expect(try await queue.acknowledge(queue.claim(9)) == [])
            #expect(try await fire(Self.third + 60) == [1, 0], "done")
        }
    }

    @Test("with overlap, each tick fires", arguments: TestedQueue.Kind.allCases)
    func overlapAllowed(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            let job = try Self.job(.each(upTo: 9))
            let reply = try await queue.queue.tick(job, Self.plan("", Self.first, Self.second))
            #expect(reply.fired == 2)
            #expect(try await queue.queue.tick(job, Self.plan(reply.state, Self.second, Self.third)).fired == 1, "one id, one job")
            #expect(try await queue.claim(9).ids == [Self.first, Self.second, Self.third].map(Self.id))
        }
    }

    @Test("missed ticks are caught up as the policy says", arguments: TestedQueue.Kind.allCases)
    func catchUp(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            let now = try await queue.queue.tick(Self.job(), nil).now / 1000
            // So long that the last tick is neither just past nor soon to be followed.
            let interval = try #require(
                stride(from: Int64(7200), to: 86_400, by: 100).first { (300...($0 - 300)).contains(now % $0) })
            for (catchUp, expected): (ScheduledJob.CatchUp, Int) in [
                (.skip(laterThan: .seconds(100)), 0), (.skip(laterThan: .seconds(interval)), 1), (.once, 1), (.each(upTo: 2), 2),
                (.each(upTo: 50), 3),
            ] {
                let job = try Self.job(catchUp, every: interval)
                _ = try await queue.settle(job)
                _ = try await queue.acknowledge(queue.claim(99))
                try await queue.pass(.seconds(3 * interval))
                let sum = try await queue.settle(job)
                #expect(sum.fired == expected, "\(catchUp)")
                #expect(sum.missed == 3 - expected, "\(catchUp)")
                #expect(try await queue.claim(99).count == expected)
                #expect(try await queue.settle(job).fired == 0, "once")
                try await queue.lose()
                _ = try await queue.acknowledge(queue.claim(99))
            }
        }
    }

    @Test("a changed schedule takes effect without a storm, an unchanged one is not new", arguments: TestedQueue.Kind.allCases)
    func change(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            let now = try await queue.queue.tick(Self.job(), nil).now / 1000
            let interval = try #require(stride(from: Int64(600), to: 1200, by: 7).first { (60...($0 - 60)).contains(now % $0) })
            _ = try await queue.settle(Self.job(.each(upTo: 100), every: 60))
            let (old, new) = (try Self.job(.each(upTo: 100), every: 86_400 * 365), try Self.job(.each(upTo: 100), every: interval))
            _ = try await queue.acknowledge(queue.claim(99))
            try await queue.pass(.seconds(30 * 86_400))
            #expect(try await queue.settle(old).fired == 0)
            for _ in 0..<3 {
                #expect(try await queue.settle(new).fired == 0)
                #expect(try await queue.settle(old).fired == 0)
            }
            #expect(try await queue.queue.tick(new, nil).state.hasSuffix("|every \(86_400 * 365) s"))
        }
    }

    @Test("ticks fire whatever the caps of the queue", arguments: TestedQueue.Kind.allCases)
    func caps(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            try await queue.queue.limit(.length, to: 1)
            _ = try await queue.enqueue("other")
            #expect(try await queue.queue.tick(Self.job(), Self.plan("", Self.first)).fired == 1)
            #expect(try await queue.claim(9).ids == ["other", Self.id(Self.first)])
        }
    }

    @Test("a tick wakes a worker that waits", arguments: TestedQueue.Kind.allCases)
    func waking(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            async let woken = queue.queue.awaitWork(for: .seconds(30))
            _ = try await queue.queue.tick(Self.job(), Self.plan("", Self.first))
            #expect(try await woken)
            _ = try await queue.claim(9)
        }
    }
}

extension TestedQueue {
    /// Does what a worker does until nothing is due.
    fileprivate func settle(_ job: ScheduledJob) async throws -> (fired: Int, missed: Int) {
        var reply = try await queue.tick(job, nil)
        var (fired, missed) = (0, 0)
        while case .fire(let plan) = job.step(seeing: reply.state, at: reply.now) {
            reply = try await queue.tick(job, plan)
            if reply.isHeld { (fired, missed) = (fired + reply.fired, missed + plan.missed) }
        }
        return (fired, missed)
    }
}
