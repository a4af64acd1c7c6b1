import Jobs
import Redis
import TestSupport
import Testing

@Suite(.requires(.redis)) struct LeaseTests {
    @Test func anAcknowledgedJobIsGoneAndItsIDFree() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("a", "b")
            #expect(try await queue.acknowledge(queue.claim(2)) == [])
            let snapshot = try await queue.snapshot()
            #expect(snapshot.ready + snapshot.inFlight + snapshot.delayed + snapshot.dead == 0)
            #expect(try await queue.notes("a") == [.enqueued])
        }
    }

    @Test func aLateAcknowledgementDoesNotTouchTheNewLease() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("a", "b")
            let old = try await queue.claim(2)
            try await queue.expire([old[0]])
            #expect(try await queue.reap(limit: 10, poisonAfter: 3).returned == 1)
            let new = try await queue.claim(2)
            #expect(new.ids == ["a"])
            #expect(new[0].epoch > old[0].epoch)
            #expect(try await queue.acknowledge(old) == [0])
            #expect(try await queue.snapshot().inFlight == 1)
            #expect(try await queue.check() == [])
            #expect(try await queue.acknowledge(new) == [])
            #expect(try await queue.check() == [])
        }
    }

    @Test func acknowledgingTwiceIsReportedAndHarmless() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("a")
            let jobs = try await queue.claim(1)
            #expect(try await queue.acknowledge(jobs) == [])
            _ = try await queue.notes("a")
            #expect(try await queue.acknowledge(jobs) == [0])
            #expect(try await queue.snapshot().ready == 1)
            #expect(try await queue.check() == [])
        }
    }

    @Test func epochsGrowEvenWhenRedisForgets() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("a")
            let first = try await queue.claim(1)
            try await queue.erase()
            _ = try await queue.notes("a")
            let second = try await queue.claim(1)
            #expect(second[0].epoch > first[0].epoch)
        }
    }

    @Test func aRetrySpendsAnAttemptAndRemembersItsEpoch() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("a")
            let first = try await queue.claim(1)
            #expect(first[0].entry.attempts == 0)
            #expect(first[0].entry.previousEpoch == 0)
            #expect(try await queue.fail(first[0], .retry) == [])
            #expect(try await queue.claim(1).isEmpty)
            #expect(try await queue.snapshot().delayed == 1)
            try await queue.makeDelayedDue()
            let second = try await queue.claim(1)
            #expect(second[0].entry.attempts == 1)
            #expect(second[0].entry.crashes == 0)
            #expect(second[0].entry.previousEpoch == first[0].epoch)
            #expect(second[0].entry.enqueuedAt == first[0].entry.enqueuedAt)
            #expect(try await queue.check() == [])
        }
    }

    @Test func laterSpendsNoAttempt() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("a")
            let first = try await queue.claim(1)
            #expect(try await queue.fail(first[0], .later) == [])
            try await queue.makeDelayedDue()
            #expect(try await queue.claim(1)[0].entry.attempts == 0)
        }
    }

    @Test func aFailureWithoutALeaseIsLeftAlone() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("a")
            let first = try await queue.claim(1)
            #expect(try await queue.acknowledge(first) == [])
            #expect(try await queue.fail(first[0], .dead) == [0])
            #expect(try await queue.snapshot().dead == 0)
            #expect(try await queue.check() == [])
        }
    }

    @Test func anExpiredLeaseReturnsToTheHeadWithACrash() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("1", "2", "3", "4")
            let lost = try await queue.claim(2)
            try await queue.expire(lost)
            let reply = try await queue.reap(limit: 10, poisonAfter: 3)
            #expect(reply.returned == 2)
            #expect(reply.untilNext == nil)
            let again = try await queue.claim(4)
            #expect(again.ids == ["1", "2", "3", "4"])
            #expect(again.map(\.entry.crashes) == [1, 1, 0, 0])
            #expect(again.map(\.entry.attempts) == [0, 0, 0, 0])
            #expect(again[0].entry.previousEpoch == lost[0].epoch)
            #expect(try await queue.check() == [])
        }
    }

    @Test func aLeaseThatRunsIsNotReaped() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("a")
            _ = try await queue.claim(1)
            let reply = try await queue.reap(limit: 10, poisonAfter: 3)
            #expect(reply.returned == 0)
            let next = try #require(reply.untilNext)
            #expect(next > .seconds(50) && next <= .seconds(60))
        }
    }

    @Test("H94 after three crashes a job is poison")
    func poison() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("a")
            for crash in 1...3 {
                let jobs = try await queue.claim(1)
                #expect(jobs.count == 1)
                try await queue.expire(jobs)
                #expect(try await queue.reap(limit: 10, poisonAfter: 3).poisoned == (crash == 3 ? 1 : 0))
            }
            #expect(try await queue.claim(1).isEmpty)
            let dead = try await queue.dead()
            #expect(dead.map(\.id) == ["a"])
            #expect(dead[0].reason.hasPrefix("poison"))
            #expect(dead[0].crashes == 3)
            #expect(dead[0].attempts == 0)
            #expect(try await queue.check() == [])
        }
    }

    @Test func aBeatRenewsWhatIsHeldAndNamesWhatIsNot() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("a", "b", "c")
            let jobs = try await queue.claim(3)
            _ = try await queue.acknowledge([jobs[1]])
            try await queue.expire([jobs[0], jobs[2]])
            let reply = try await queue.beat(started: [jobs[0].member, jobs[1].member], waiting: [jobs[2].member], lease: .seconds(60))
            #expect(reply.lost == [1])
            #expect(reply.cancelled == [])
            #expect(try await queue.reap(limit: 10, poisonAfter: 3).returned == 0)
            #expect(try await queue.snapshot().inFlight == 2)
        }
    }

    @Test func aReleaseGoesToTheHeadAtNoCost() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.enqueue((0..<1100).map { try JobRequest(Note(), id: "\($0)") })
            var held: [Claimed] = []
            while held.count < 1000 { held += try await queue.claim(min(250, 1000 - held.count)) }
            #expect(try await queue.release(held.map(\.member)) == 1000)
            let again = try await queue.claim(256)
            #expect(again.ids == (0..<256).map { "\($0)" })
            #expect(again.allSatisfy { $0.entry.attempts == 0 && $0.entry.crashes == 0 && $0.entry.previousEpoch > 0 })
            #expect(try await queue.release(held.map(\.member)) == 0)
            #expect(try await queue.check(limit: 5000) == [])
        }
    }
}
