import Jobs
import Redis
import TestSupport
import Testing

@Suite(.requires(.redis)) struct LimitTests {
    @Test("H94 a queue at its length refuses a batch as a whole, and says so by a code of its own")
    func length() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.limit(.length, to: 3)
            try await queue.notes("1", "2")
            let error = await #expect(throws: JobsError.self) { try await queue.notes("3", "4") }
            #expect(error?.code == .full)
            #expect(error?.description.contains("length") == true)
            #expect(try await queue.snapshot().ready == 2)
            #expect(try await queue.notes("1", "2") == [.duplicate(.live), .duplicate(.live)], "what exists is no more")
            #expect(try await queue.notes("3") == [.enqueued])
            let single = await #expect(throws: JobsError.self) { try await queue.notes("4") }
            #expect(single?.code == .full, "one job alone takes a shorter way")
            _ = try await queue.fail(queue.claim(1)[0], .dead)
            #expect(try await queue.notes("4") == [.enqueued], "dead jobs do not count")
            try await queue.limit(.length, to: nil)
            try await queue.notes("5", "6", "7")
            #expect(try await queue.check() == [])
        }
    }

    @Test("H94 bytes are counted through every way a job can go, and capped")
    func bytes() async throws {
        try await RedisJobQueue.with { queue in
            let big = String(repeating: "x", count: 5000)
            try await queue.enqueue([
                JobRequest(Note(text: big), id: "big"), JobRequest(Note(text: big), id: "dead", uniqueKey: "k"),
                JobRequest(Note(), id: "small"),
                JobRequest(Note(), id: "late", delay: .seconds(100)),
            ])
            let all = try await queue.snapshot().bytes
            #expect(all > 10_000 && all < 11_000)
            try await queue.limit(.bytes, to: all + 4000)
            let error = await #expect(throws: JobsError.self) { try await queue.enqueue([JobRequest(Note(text: big), id: "more")]) }
            #expect(error?.code == .full)
            #expect(try await queue.check() == [])
            let jobs = try await queue.claim(10)
            _ = try await queue.fail(jobs[1], .dead)
            #expect(try await queue.acknowledge([jobs[0], jobs[2], jobs[1]]) == [2], "a lost acknowledgement frees nothing")
            #expect(try await queue.check() == [])
            try await queue.drop(["dead"])
            #expect(try await queue.check() == [])
            // As long as one is left: in an empty queue the count is put right, whatever it was.
            try await queue.notes("last")
            try await queue.cancel(["late"])
            try await queue.makeDelayedDue()
            let last = try await queue.claim(9)
            #expect(last.ids == ["last"])
            #expect(try await queue.check() == [])
            #expect(try await queue.acknowledge(last) == [])
            #expect(try await queue.snapshot().bytes == 0)
            #expect(try await queue.check() == [])
        }
    }

    @Test func noMoreThanTheLimitIsInFlight() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.limit(.inFlight, to: 3)
            try await queue.enqueue((0..<10).map { try JobRequest(Note(), id: "\($0)") })
            let first = try await queue.claim(5)
            #expect(first.count == 3)
            #expect(try await queue.claim(5).isEmpty)
            #expect(try await queue.acknowledge(Array(first.prefix(2))) == [])
            #expect(try await queue.claim(5).count == 2)
            try await queue.limit(.inFlight, to: nil)
            #expect(try await queue.claim(5).count == 5)
            #expect(try await queue.check() == [])
        }
    }

    @Test func aPlaceThatBecomesFreeWakesAnotherWorker() async throws {
        try await RedisJobQueue.with { queue in
            func tokens() async throws -> Int64? { try await queue.client.send(RedisCommand("LLEN", RedisArgument(queue.keys.wake))).int }
            try await queue.limit(.inFlight, to: 1)
            try await queue.notes("1", "2", "3")
            let job = try await queue.claim(2)
            #expect(try await tokens() == 0)
            _ = try await queue.acknowledge(job)
            #expect(try await tokens() == 1)
            // Dead: a job for later would wake somebody in any case, who has to learn when.
            for verb in [Failure.Verb.dead, .later] {
                let next = try #require(try await queue.claim(2).first)
                _ = try await queue.fail(next, verb)
                #expect(try await tokens() == 1)
            }
        }
    }

    @Test func aTenantAtItsLimitLetsTheOthersPass() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.enqueue((0..<10).map { try JobRequest(Note(), id: "a\($0)", tenant: "a", priority: $0 % 2) })
            let early = try await queue.claim(1)
            try await queue.limit(.inFlightPerTenant, to: 3)
            try await queue.enqueue((0..<2).map { try JobRequest(Note(), id: "b\($0)", tenant: "b") })
            let jobs = try await queue.claim(20)
            #expect(jobs.filter { $0.entry.tenant == "a" }.count == 2, "one was in flight when the limit was set")
            #expect(jobs.filter { $0.entry.tenant == "b" }.count == 2)
            #expect(try await queue.snapshot().ready == 7)
            #expect(try await queue.check() == [])
            try await queue.enqueue([JobRequest(Note(), id: "a10", tenant: "a", priority: 5)])
            #expect(try await queue.claim(5).isEmpty)
            #expect(try await queue.acknowledge(early) == [])
            #expect(try await queue.claim(5).ids == ["a10"])
            let lost = jobs.filter { $0.entry.tenant == "a" }
            try await queue.lose([lost[0]])
            _ = try await queue.fail(lost[1], .later)
            #expect(try await queue.claim(5).count == 2)
            #expect(try await queue.check() == [])
            try await queue.limit(.inFlightPerTenant, to: nil)
            #expect(try await queue.claim(20).count == 6)
            #expect(try await queue.check() == [])
        }
    }

    @Test("H94 leases of a tenant that end together give all their places back, though the first leaves none under a lowered limit")
    func placesOfATenantThatEndTogether() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.limit(.inFlightPerTenant, to: 3)
            for way in 0..<3 {
                try await queue.notes("a", "b", "c", tenant: "7")
                let jobs = try await queue.claim(3)
                try await queue.limit(.inFlightPerTenant, to: 1)
                switch way {
                case 0: try await queue.lose(jobs)
                case 1: #expect(try await queue.release(jobs.map(\.member)) == 3)
                default:
                    let failures = jobs.map { Failure(member: $0.member, verb: .later, delay: .zero, reason: "again") }
                    #expect(try await queue.fail(failures) == [])
                }
                for left in [2, 1, 0] {
                    let next = try await queue.claim(10)
                    #expect(next.count == 1)
                    #expect(try await queue.acknowledge(next) == [])
                    #expect(try await queue.snapshot().ready == left)
                }
                try await queue.limit(.inFlightPerTenant, to: 3)
            }
            #expect(try await queue.check() == [])
        }
    }

    @Test func claimsKeepToTheRate() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.limit(.rate, to: 1)
            try await queue.limit(.burst, to: 4)
            try await queue.enqueue((0..<20).map { try JobRequest(Note(), id: "\($0)") })
            let start = ContinuousClock.now
            #expect(try await queue.claim(10).count == 4)
            let reply = try await queue.cycle([], want: 10, direct: 10, lease: .seconds(60))
            let seconds = Int(start.duration(to: .now) / .seconds(1))
            #expect(reply.entries.count <= 1 + seconds, "one a second")
            let wait = try #require(reply.untilDue)
            #expect(wait > .zero && wait <= .seconds(1))
            #expect(try await queue.check() == [])
        }
    }

    @Test("a limit out of range is refused", arguments: [0, -1])
    func badValue(_ value: Int) async throws {
        try await RedisJobQueue.with { queue in
            for limit in [QueueLimit.length, .bytes, .inFlight, .inFlightPerTenant, .rate, .burst, .weight(tenant: "a")] {
                let error = await #expect(throws: JobsError.self) { try await queue.limit(limit, to: value) }
                #expect(error?.code == .invalidJob)
            }
            await #expect(throws: JobsError.self) { try await queue.limit(.weight(tenant: "a b"), to: 1) }
        }
    }
}
