import Jobs
import Platform
import Redis
import TestSupport
import Testing

@Suite(.requires(.redis)) struct EnqueueTests {
    @Test func aBatchIsReadyAndConsistent() async throws {
        try await RedisJobQueue.with { queue in
            let requests = try (0..<1200).map { try JobRequest(Note(text: "\($0)"), id: "n\($0)", tenant: "t\($0 % 7)") }
            let results = try await queue.enqueue(requests)
            #expect(results == Array(repeating: .enqueued, count: 1200))
            let snapshot = try await queue.snapshot()
            #expect(snapshot.ready == 1200)
            #expect(snapshot.lanes == 7)
            #expect(try await queue.check() == [])
        }
    }

    @Test func theSameIDAgainIsNoOpAndReported() async throws {
        try await RedisJobQueue.with { queue in
            let first = try await queue.notes("a")
            #expect(first == [.enqueued])
            #expect(try await queue.notes("b", "a", "c", "b") == [.enqueued, .duplicate(.live), .enqueued, .duplicate(.live)])
            #expect(try await queue.claim(10).ids == ["a", "b", "c"])
            #expect(try await queue.notes("a") == [.duplicate(.live)])
            #expect(try await queue.check() == [])
        }
    }

    @Test func aDeadJobIsReportedAsDead() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("a")
            let job = try #require(try await queue.claim(1).first)
            #expect(try await queue.fail(job, .dead) == [])
            #expect(try await queue.notes("a", "b") == [.duplicate(.dead), .enqueued])
            #expect(try await queue.check() == [])
        }
    }

    @Test func anEmptyBatchIsNothing() async throws {
        try await RedisJobQueue.with { queue in
            let results = try await queue.enqueue([])
            #expect(results.isEmpty)
        }
    }

    @Test func jobsOfOneTenantKeepTheirOrder() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("1", "2", "3")
            _ = try await queue.notes("4", "5")
            let ids = try await queue.claim(2).ids + queue.claim(10).ids
            #expect(ids == ["1", "2", "3", "4", "5"])
        }
    }

    @Test func aHigherPriorityGoesFirst() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("low1", "low2", tenant: "a")
            _ = try await queue.notes("high", tenant: "b", priority: 5)
            _ = try await queue.notes("highest", tenant: "a", priority: 9)
            #expect(try await queue.claim(10).ids == ["highest", "high", "low1", "low2"])
            #expect(try await queue.check() == [])
        }
    }

    @Test func oneJobOfATenantDoesNotWaitForTheFloodOfAnother() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.enqueue((0..<2000).map { try JobRequest(Note(), id: "f\($0)", tenant: "flood") })
            let first = try await queue.claim(32)
            #expect(first.count == 32)
            _ = try await queue.notes("single", tenant: "small")
            let next = try await queue.claim(32)
            #expect(next.ids.contains("single"))
            #expect(try await queue.check() == [])
        }
    }

    @Test func tenantsGetEqualShares() async throws {
        try await RedisJobQueue.with { queue in
            for tenant in 0..<10 {
                try await queue.enqueue((0..<100).map { try JobRequest(Note(), id: "\(tenant)-\($0)", tenant: "t\(tenant)") })
            }
            var served: [String: Int] = [:]
            for _ in 0..<25 { for job in try await queue.claim(16) { served[job.entry.tenant, default: 0] += 1 } }
            #expect(served.count == 10)
            #expect(served.values.reduce(0, +) == 400)
            #expect(served.values.allSatisfy { (36...44).contains($0) })
            #expect(try await queue.check() == [])
        }
    }

    @Test func aDelayedJobWaitsForItsTime() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("later", delay: .seconds(3600))
            _ = try await queue.notes("now")
            let reply = try await queue.cycle([], want: 10, direct: 10, lease: .seconds(60))
            #expect(reply.entries.count == 1)
            let due = try #require(reply.untilDue)
            #expect(due > .seconds(3590) && due <= .seconds(3600))
            #expect(try await queue.snapshot().delayed == 1)
            try await queue.makeDelayedDue()
            #expect(try await queue.claim(10).ids == ["later"])
            #expect(try await queue.check() == [])
        }
    }

    @Test func aLargeBodyIsKeptApartAndRemovedWithItsJob() async throws {
        try await RedisJobQueue.with { queue in
            let text = String(repeating: "x", count: 60_000)
            try await queue.enqueue([JobRequest(Note(text: text), id: "big"), JobRequest(Note(text: "s"), id: "small")])
            let jobs = try await queue.claim(10)
            #expect(jobs.map(\.entry.isApart) == [true, false])
            let body = try #require(try await queue.body(of: "big"))
            #expect(try Note.decodePayload(JobEnvelope(body[...]).payload, schemaVersion: 2).text == text)
            #expect(try await queue.acknowledge(jobs) == [])
            #expect(try await queue.body(of: "big") == nil)
            #expect(try await queue.check() == [])
        }
    }

    @Test func oneTokenWakesAndAnEmptyQueueHasNone() async throws {
        try await RedisJobQueue.with { queue in
            func tokens() async throws -> Int64? { try await queue.client.send(RedisCommand("LLEN", RedisArgument(queue.keys.wake))).int }
            _ = try await queue.notes("a", "b")
            _ = try await queue.notes("c")
            #expect(try await tokens() == 1)
            _ = try await queue.client.send(RedisCommand("DEL", RedisArgument(queue.keys.wake)))
            _ = try await queue.claim(2)
            #expect(try await tokens() == 1, "work remains for another consumer")
            _ = try await queue.claim(2)
            #expect(try await tokens() == 0)
            _ = try await queue.notes("d", delay: .seconds(100))
            #expect(try await tokens() == 1, "the time of the next job has changed")
        }
    }
}
