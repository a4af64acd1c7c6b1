import Jobs
import Platform
import Redis
import TestSupport
import Testing

/// Ids that are UUIDs of version 7 are kept by time, all others together.
@Suite(.requires(.redis)) struct IDTests {
    /// One a millisecond, so that a batch meets many sets.
    private func ids(_ count: Int) -> [String] {
        (0..<count).map { UUIDv7(milliseconds: 1_700_000_000_000 + Int64($0)).description }
    }

    private func homes(_ queue: RedisJobQueue) async throws -> [String] {
        try await queue.run(QueueScripts.homes).array?.compactMap(\.string) ?? []
    }

    @Test func idsOfOneMomentShareASetAndOthersDoNotJoinThem() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.enqueue(ids(64).map { try JobRequest(Note(), id: $0) })
            let timed = try await homes(queue)
            // 64 ms from a multiple of 16 ms on.
            #expect(timed.count == 4 && !timed.contains(queue.keys.otherIDs))
            // Alike, but not of version 7, or not in the form that Sluice writes.
            let others = ["018bcfe5-6800-4000-8000-000000000000", "018BCFE5-6800-7000-8000-000000000000", "018bcfe5-", "x"]
            try await queue.enqueue(others.map { try JobRequest(Note(), id: $0) })
            #expect(try await Set(homes(queue)) == Set(timed + [queue.keys.otherIDs]))
            #expect(try await queue.check() == [])
        }
    }

    @Test func aBatchOverManySetsIsKnownWhenItIsSentAgain() async throws {
        try await RedisJobQueue.with { queue in
            var batch = ids(300) + (0..<200).map { "other-\($0)" }
            batch.shuffle()
            let requests = try batch.map { try JobRequest(Note(), id: $0) }
            let half = Array(requests[..<250])
            #expect(try await queue.enqueue(half) == Array(repeating: .enqueued, count: 250))
            let answers = try await queue.enqueue(requests)
            #expect(answers == Array(repeating: .duplicate(.live), count: 250) + Array(repeating: .enqueued, count: 250))
            #expect(try await queue.check() == [])
            var done = 0
            while true {
                let jobs = try await queue.claim(100)
                if jobs.isEmpty { break }
                #expect(try await queue.acknowledge(jobs) == [])
                done += jobs.count
            }
            #expect(done == 500)
            #expect(try await homes(queue) == [])
            #expect(try await queue.check() == [])
        }
    }

    @Test func anIDWithoutAJobIsFoundAmongTheTimedOnes() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.enqueue(ids(1).map { try JobRequest(Note(), id: $0) })
            let home = try #require(try await homes(queue).first)
            _ = try await queue.client.send(RedisCommand("SADD", RedisArgument(home), "ghost"))
            #expect(try await queue.check() == ["1 jobs are counted, but there are 2 ids"])
        }
    }

    @Test func removingAQueueLeavesNoKeyOfIt() async throws {
        try await RedisJobQueue.with { queue in
            let big = Note(text: String(repeating: "x", count: 3000))
            try await queue.enqueue((ids(64) + ["other"]).map { try JobRequest(big, id: $0) })
            try await queue.removeAll()
            let left = try await queue.client.send(RedisCommand("KEYS", RedisArgument(queue.keys.prefix + "*")))
            #expect(left.array?.isEmpty == true)
        }
    }
}
