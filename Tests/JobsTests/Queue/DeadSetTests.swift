import Jobs
import Redis
import TestSupport
import Testing

@Suite(.requires(.redis)) struct DeadSetTests {
    private func bury(_ queue: RedisJobQueue, _ ids: [String]) async throws {
        try await queue.enqueue(ids.map { try JobRequest(Note(), id: $0, tenant: "t") })
        for job in try await queue.claim(RedisJobQueue.batchLimit) { _ = try await queue.fail(job, .dead, reason: "line one\nline two") }
    }

    @Test func pagesFollowOneAnother() async throws {
        try await RedisJobQueue.with { queue in
            let ids = (0..<25).map { "j\($0)" }
            try await bury(queue, ids)
            var seen: [DeadJob] = []
            while true {
                let page = try await queue.dead(after: seen.last?.cursor, limit: 10)
                if page.isEmpty { break }
                seen += page
            }
            #expect(Set(seen.map(\.id)) == Set(ids))
            #expect(seen.count == 25)
            #expect(seen[0].reason == "line one line two")
            #expect(seen[0].type == "note")
            #expect(seen[0].tenant == "t")
            #expect(seen[0].attempts == 1)
            #expect(try await queue.check() == [])
        }
    }

    @Test func aPageGoesOnAfterItsLastJobWasDropped() async throws {
        try await RedisJobQueue.with { queue in
            try await bury(queue, ["a", "b", "c", "d"])
            // Of one millisecond, as when a worker gives up a batch.
            for id in ["a", "b", "c"] {
                _ = try await queue.client.send(RedisCommand("ZADD", RedisArgument(queue.keys.dead), "XX", "1000", RedisArgument(id)))
            }
            let first = try await queue.dead(after: nil, limit: 2)
            #expect(first.map(\.id) == ["a", "b"])
            #expect(try await queue.drop(["b"]) == 1)
            #expect(try await queue.dead(after: first[1].cursor, limit: 10).map(\.id) == ["c", "d"])
            #expect(try await queue.drop(["a"]) == 1)
            #expect(try await queue.dead(after: first[1].cursor, limit: 10).map(\.id) == ["c", "d"])
        }
    }

    @Test func aReplayedJobIsAsNew() async throws {
        try await RedisJobQueue.with { queue in
            try await bury(queue, ["a", "b"])
            #expect(try await queue.replay(["a", "unknown"]) == 1)
            let jobs = try await queue.claim(10)
            #expect(jobs.ids == ["a"])
            #expect(jobs[0].entry.attempts == 0)
            #expect(jobs[0].entry.crashes == 0)
            #expect(try await queue.dead().map(\.id) == ["b"])
            #expect(try await queue.check() == [])
        }
    }

    @Test func aDroppedJobIsGoneWithItsBody() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.enqueue([JobRequest(Note(text: String(repeating: "x", count: 5000)), id: "big")])
            let job = try await queue.claim(1)
            _ = try await queue.fail(job[0], .dead)
            #expect(try await queue.drop(["big", "unknown"]) == 1)
            #expect(try await queue.body(of: "big") == nil)
            #expect(try await queue.notes("big") == [.enqueued])
            #expect(try await queue.check() == [])
        }
    }

    @Test("H94 entries that cannot be read end in the dead set wherever they are met")
    func malformedEntries() async throws {
        try await RedisJobQueue.with { queue in
            let garbage: [UInt8] = [0, 255, 10, 124]
            // A lease that expired, one that is reported, one that is handed back, and a delayed job.
            for text in ["1", "2", "3"] {
                _ = try await queue.client.send(
                    RedisCommand(
                        "ZADD", RedisArgument(queue.keys.leases), 1,
                        RedisArgument(Array("1700000000000000|".utf8) + garbage + Array(text.utf8))))
            }
            func member(_ text: String) -> [UInt8] { Array("1700000000000000|".utf8) + garbage + Array(text.utf8) }
            #expect(try await queue.fail([Failure(member: member("1"), verb: .retry, delay: .zero, reason: "")]) == [])
            #expect(try await queue.release([member("2")]) == 1)
            #expect(try await queue.reap(limit: 10, poisonAfter: 3).poisoned == 1)
            _ = try await queue.client.send(RedisCommand("ZADD", RedisArgument(queue.keys.delayed), 1, RedisArgument(garbage)))
            #expect(try await queue.claim(1).isEmpty)
            let dead = try await queue.dead()
            #expect(dead.count == 4)
            #expect(dead.allSatisfy { $0.reason == "malformed entry" && $0.type == nil && $0.id.hasPrefix("malformed-") })
            #expect(try await queue.check() == [])
            #expect(try await queue.replay(dead.map(\.id)) == 0)
            #expect(try await queue.drop(dead.map(\.id)) == 4)
        }
    }

    @Test("a damaged entry of a job frees its id, and the books are right again when the queue is empty")
    func damagedEntry() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.limit(.inFlightPerTenant, to: 5)
            try await queue.notes("a", "b", tenant: "7")
            let ready = RedisArgument(queue.keys.ready(lane: "0:7"))
            let entry = try #require(try await queue.client.send(RedisCommand("LINDEX", ready, 0)).string)
            _ = try await queue.client.send(RedisCommand("LSET", ready, 0, RedisArgument("#" + entry)))
            let reply = try await queue.cycle([], want: 10, direct: 10, lease: .seconds(60))
            let members = reply.entries.map { Array("\(reply.epoch)|".utf8) + $0 }
            #expect(try await queue.fail(members.map { Failure(member: $0, verb: .dead, delay: .zero, reason: "unreadable") }) == [])
            let dead = try await queue.dead()
            #expect(Set(dead.map(\.reason)) == ["malformed entry", "unreadable"])
            // Whoever has the row of `a` enqueues it again, and it runs.
            #expect(try await queue.notes("a", tenant: "7") == [.enqueued])
            #expect(try await queue.acknowledge(queue.claim(10)) == [])
            #expect(try await queue.drop(dead.map(\.id)) == 2)
            #expect(try await queue.check() == [])
        }
    }
}

@Suite(.requires(.redis)) struct CheckTests {
    private func plant(_ queue: RedisJobQueue, _ name: String, _ arguments: RedisArgument...) async throws {
        _ = try await queue.client.send(RedisCommand(name, arguments: arguments))
    }

    @Test func anIDWithoutAJobIsFound() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("a")
            try await plant(queue, "SADD", RedisArgument(queue.keys.otherIDs), "ghost")
            #expect(try await queue.check().count == 1)
        }
    }

    @Test func aLaneWithoutJobsIsFound() async throws {
        try await RedisJobQueue.with { queue in
            try await plant(queue, "ZADD", RedisArgument(queue.keys.ring), 0, "0:nobody")
            #expect(try await queue.check() == ["lane 0:nobody is in the ring without ready jobs"])
        }
    }

    @Test func aJobInTwoPlacesIsFound() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("a")
            let job = try await queue.claim(1)
            try await plant(
                queue, "ZADD", RedisArgument(queue.keys.delayed), 4_000_000_000_000,
                RedisArgument(Array(job[0].member.drop { $0 != 0x7C }.dropFirst())))
            #expect(try await queue.check().contains { $0.contains("delayed and leased") })
        }
    }

    @Test func aDeadJobWithoutItsEntryIsFound() async throws {
        try await RedisJobQueue.with { queue in
            _ = try await queue.notes("a")
            _ = try await queue.fail(queue.claim(1)[0], .dead)
            try await plant(queue, "HDEL", RedisArgument(queue.keys.grave), "a")
            #expect(try await queue.check().count == 2)
        }
    }
}
