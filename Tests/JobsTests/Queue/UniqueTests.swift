import Jobs
import Redis
import TestSupport
import Testing

@Suite(.requires(.redis)) struct UniqueTests {
    @Test func aKeyIsHeldUntilItsJobHasEnded() async throws {
        try await RedisJobQueue.with { queue in
            #expect(try await queue.notes("a", uniqueKey: "k") == [.enqueued])
            #expect(try await queue.notes("b", "c", uniqueKey: "k") == [.uniqueKeyHeld(by: "a"), .uniqueKeyHeld(by: "a")])
            #expect(try await queue.notes("a", uniqueKey: "k") == [.duplicate(.live)])
            #expect(try await queue.notes("other", uniqueKey: "k2") == [.enqueued])
            let jobs = try await queue.claim(10)
            #expect(jobs.ids == ["a", "other"])
            #expect(try await queue.notes("b", uniqueKey: "k") == [.uniqueKeyHeld(by: "a")])
            #expect(try await queue.check() == [])
            #expect(try await queue.acknowledge(jobs) == [])
            #expect(try await queue.notes("b", uniqueKey: "k") == [.enqueued])
            #expect(try await queue.check() == [])
        }
    }

    @Test func oneCallCannotTakeAKeyTwice() async throws {
        try await RedisJobQueue.with { queue in
            let results = try await queue.notes("a", "b", uniqueKey: "k")
            #expect(results == [.enqueued, .uniqueKeyHeld(by: "a")])
            #expect(try await queue.snapshot().ready == 1)
            #expect(try await queue.check() == [])
        }
    }

    @Test func aDeadJobHoldsNothing() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.notes("a", uniqueKey: "k")
            _ = try await queue.fail(queue.claim(1)[0], .dead)
            #expect(try await queue.notes("b", uniqueKey: "k") == [.enqueued])
            #expect(try await queue.replay(["a"]) == 0, "the key belongs to another job now")
            #expect(try await queue.acknowledge(queue.claim(1)) == [])
            #expect(try await queue.replay(["a"]) == 1)
            #expect(try await queue.notes("c", uniqueKey: "k") == [.uniqueKeyHeld(by: "a")])
            #expect(try await queue.check() == [])
        }
    }

    @Test("a key whose holder no longer exists is taken over")
    func selfHealing() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.client.send(RedisCommand("HSET", RedisArgument(queue.keys.unique), "k", "ghost"))
            #expect(try await queue.check() == ["unique key k is held by a job that does not live"])
            #expect(try await queue.notes("a", uniqueKey: "k") == [.enqueued])
            #expect(try await queue.check() == [])
        }
    }

    @Test func aKeyThatWasTakenOverIsNotReleasedByItsFormerHolder() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.notes("a", uniqueKey: "k")
            let job = try await queue.claim(1)
            _ = try await queue.client.send(RedisCommand("HSET", RedisArgument(queue.keys.unique), "k", "b"))
            #expect(try await queue.acknowledge(job) == [])
            #expect(try await queue.client.send(RedisCommand("HGET", RedisArgument(queue.keys.unique), "k")).string == "b")
        }
    }
}
