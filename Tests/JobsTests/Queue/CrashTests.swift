import Jobs
import Redis
import TestSupport
import Testing

/// Which jobs a vanished worker counts against.
@Suite(.requires(.redis)) struct CrashTests {
    @Test("H94 only jobs that were started are charged with the loss of their worker")
    func prefetchedJobsAreSpared() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.notes("1", "2", "3", "4")
            let jobs = try await queue.claim(4, direct: 2)
            let reply = try await queue.lose(jobs)
            #expect(reply.returned == 4)
            #expect(reply.crashed == 2)
            let again = try await queue.claim(4, direct: 4)
            #expect(again.ids == ["1", "2", "3", "4"])
            #expect(again.map(\.entry.crashes) == [1, 1, 0, 0])
            #expect(try await queue.check() == [])
        }
    }

    @Test func aRenewalTellsWhatHasBeenStartedSince() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.notes("1", "2", "3")
            let jobs = try await queue.claim(3, direct: 1)
            _ = try await queue.beat(started: [jobs[0].member, jobs[2].member], waiting: [jobs[1].member], lease: .seconds(60))
            #expect(try await queue.lose(jobs).crashed == 2)
            let crashes = try await queue.claim(3).reduce(into: [:]) { $0[$1.entry.id] = $1.entry.crashes }
            #expect(crashes == ["1": 1, "2": 0, "3": 1])
        }
    }

    @Test("H94 a job that is lost again and again before anybody saw it run becomes poison all the same")
    func lossesAreNotForgivenTwice() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.notes("a")
            var crashed: [Int] = []
            while try await queue.dead().isEmpty, crashed.count < 10 {
                crashed.append(try await queue.lose(queue.claim(1, direct: 0)).crashed)
            }
            #expect(crashed == [0, 1, 1, 1])
            #expect(try await queue.dead().first?.reason.hasPrefix("poison") == true)
            #expect(try await queue.check() == [])
        }
    }

    @Test func aRunWithAnOutcomeEndsTheRow() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.notes("a")
            try await queue.lose(queue.claim(1))
            try await queue.lose(queue.claim(1))
            _ = try await queue.fail(queue.claim(1)[0], .retry)
            try await queue.makeDelayedDue()
            let job = try await queue.claim(1)
            #expect(job[0].entry.crashes == 0)
            #expect(job[0].entry.attempts == 1)
            #expect(try await queue.lose(job).returned == 1)
            #expect(try await queue.snapshot().suspects == 0)
        }
    }

    @Test("H94 suspects run one at a time, so that a bystander of two crashes is not taken for poison")
    func suspectsRunAlone() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.notes("1", "2", "3")
            for _ in 0..<2 { try await queue.lose(queue.claim(3)) }
            try await queue.notes("fresh")
            #expect(try await queue.snapshot().suspects == 3)
            #expect(try await queue.snapshot().ready == 4)
            #expect(try await queue.check() == [])

            let first = try await queue.claim(4)
            #expect(first.count == 2, "one suspect, and what is not suspected")
            #expect(first.ids.contains("fresh"))
            let reply = try await queue.cycle([], want: 4, direct: 4, lease: .seconds(60))
            #expect(reply.entries.isEmpty)
            #expect(reply.untilDue.map { $0 <= .seconds(1) } == true)

            #expect(try await queue.acknowledge(first) == [])
            let second = try await queue.claim(4)
            #expect(second.count == 1)
            #expect(try await queue.lose(second).poisoned == 1)
            let third = try await queue.claim(4)
            #expect(third.count == 1)
            #expect(try await queue.acknowledge(third) == [])
            #expect(try await queue.dead().map(\.id) == second.ids)
            #expect(try await queue.check() == [])
        }
    }

    @Test func aSuspectThatIsHandedBackStaysOne() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.notes("a")
            for _ in 0..<2 { try await queue.lose(queue.claim(1)) }
            let job = try await queue.claim(1, direct: 0)
            #expect(try await queue.release(job.map(\.member)) == 1)
            #expect(try await queue.snapshot().suspects == 1)
            #expect(try await queue.lose(queue.claim(1, direct: 0)).poisoned == 1, "a suspect counts as started wherever it waits")
        }
    }
}
