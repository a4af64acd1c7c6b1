import Jobs
import Redis
import TestSupport
import Testing

@Suite(.requires(.redis)) struct PauseTests {
    @Test func aPausedQueueHandsOutNothingAndTakesEverything() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.notes("1")
            let running = try await queue.claim(1)
            #expect(try await queue.pause(.queue))
            #expect(try await !queue.pause(.queue))
            try await queue.notes("2")
            #expect(try await queue.claim(5).isEmpty)
            #expect(try await queue.snapshot().isPaused)
            #expect(try await queue.acknowledge(running) == [])
            #expect(try await queue.resume(.queue))
            #expect(try await !queue.resume(.queue))
            #expect(try await queue.claim(5).ids == ["2"])
        }
    }

    @Test func aResumedQueueWakesIdleWorkers() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.pause(.queue)
            try await queue.notes("1")
            _ = try await queue.claim(1)
            #expect(try await queue.client.send(RedisCommand("LLEN", RedisArgument(queue.keys.wake))).int == 0)
            try await queue.resume(.queue)
            #expect(try await queue.client.send(RedisCommand("LLEN", RedisArgument(queue.keys.wake))).int == 1)
        }
    }

    @Test func aPausedTenantWaitsInItsOrder() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.notes("a1", "a2", tenant: "a")
            try await queue.notes("a0", tenant: "a", priority: 4)
            try await queue.pause(.tenant("a"))
            try await queue.notes("a3", tenant: "a")
            try await queue.notes("urgent", tenant: "a", priority: 9)
            try await queue.notes("b1", tenant: "b")
            #expect(try await queue.claim(10).ids == ["b1"])
            #expect(try await queue.snapshot().ready == 5)
            #expect(try await queue.check() == [])
            try await queue.resume(.tenant("a"))
            #expect(try await queue.claim(10).ids == ["urgent", "a0", "a1", "a2", "a3"])
            #expect(try await queue.check() == [])
        }
    }

    @Test func aSuspectOfAPausedTenantWaitsToo() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.notes("a1", tenant: "a")
            for _ in 0..<2 { try await queue.lose(queue.claim(1)) }
            try await queue.pause(.tenant("a"))
            #expect(try await queue.claim(1).isEmpty)
            #expect(try await queue.check() == [])
            try await queue.resume(.tenant("a"))
            #expect(try await queue.claim(1).ids == ["a1"])
        }
    }

    @Test func aPausedTypeIsParkedAndComesBackInItsOrder() async throws {
        try await RedisJobQueue.with { queue in
            func other(_ id: String) throws -> JobRequest {
                try JobRequest(type: "other", body: JobEnvelope.encode(schemaVersion: 1, payload: []), id: id, queue: queue.name)
            }
            try await queue.pause(.type("note"))
            for index in 0..<1200 {
                if index.isMultiple(of: 400) { try await queue.enqueue([other("o\(index)")]) }
            }
            try await queue.enqueue((0..<1200).map { try JobRequest(Note(), id: "n\($0)") })
            try await queue.enqueue([other("last")])
            var claimed: [String] = []
            for _ in 0..<10 { claimed += try await queue.claim(100).ids }
            #expect(claimed == ["o0", "o400", "o800", "last"])
            #expect(try await queue.snapshot().parked == 1200)
            #expect(try await queue.check(limit: 5000) == [])
            try await queue.unpark(kind: "note", type: "note")
            #expect(try await queue.snapshot().parked == 1200, "not while the type is paused")
            try await queue.resume(.type("note"))
            #expect(try await queue.snapshot().parked == 0)
            #expect(try await queue.check(limit: 5000) == [])
            var order: [String] = []
            for _ in 0..<10 where order.count < 1200 { order += try await queue.claim(400).ids }
            #expect(order == (0..<1200).map { "n\($0)" })
        }
    }

    @Test func namesThatNoJobCanHaveAreRefused() async throws {
        try await RedisJobQueue.with { queue in
            await #expect(throws: JobsError.self) { try await queue.pause(.tenant("a b")) }
            await #expect(throws: JobsError.self) { try await queue.pause(.type("")) }
        }
    }
}

@Suite(.requires(.redis)) struct CancelTests {
    @Test func aWaitingJobIsRemovedWhenItIsMet() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.enqueue([
                JobRequest(Note(text: String(repeating: "x", count: 5000)), id: "big", uniqueKey: "k"), JobRequest(Note(), id: "stays"),
                JobRequest(Note(), id: "late", delay: .seconds(100)),
            ])
            #expect(try await queue.cancel(["big", "late", "nobody"]) == [.cancelled, .cancelled, .notFound])
            #expect(try await queue.snapshot().cancelled == 2)
            #expect(try await queue.claim(10).ids == ["stays"])
            #expect(try await queue.body(of: "big") == nil)
            #expect(try await queue.notes("big", uniqueKey: "k") == [.enqueued])
            try await queue.makeDelayedDue()
            #expect(try await queue.claim(10).ids == ["big"])
            #expect(try await queue.snapshot().cancelled == 0)
            #expect(try await queue.check() == [])
        }
    }

    @Test func aRunningJobIsGoneHoweverItsRunEnds() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.notes("done", "retried", "buried", "released", "lost")
            let jobs = try await queue.claim(5)
            try await queue.cancel(jobs.ids)
            #expect(try await queue.beat(started: jobs.map(\.member), waiting: [], lease: .seconds(60)).cancelled == [0, 1, 2, 3, 4])
            #expect(try await queue.acknowledge([jobs[0]]) == [])
            #expect(try await queue.fail(jobs[1], .retry) == [])
            #expect(try await queue.fail(jobs[2], .dead) == [])
            #expect(try await queue.release([jobs[3].member]) == 1)
            #expect(try await queue.lose([jobs[4]]).returned == 0)
            let snapshot = try await queue.snapshot()
            #expect(snapshot.ready + snapshot.delayed + snapshot.inFlight + snapshot.dead + snapshot.cancelled == 0)
            #expect(try await queue.check() == [])
        }
    }

    @Test func aParkedJobIsRemovedWhenItReturns() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.notes("a", "b")
            try await queue.pause(.type("note"))
            #expect(try await queue.claim(5).isEmpty)
            try await queue.cancel(["a"])
            try await queue.resume(.type("note"))
            // Before a claim looks, which would remove it as well.
            let snapshot = try await queue.snapshot()
            #expect(snapshot.ready == 1 && snapshot.cancelled == 0)
            #expect(try await queue.claim(5).ids == ["b"])
            #expect(try await queue.check() == [])
        }
    }

    @Test func deadJobsAreNotCancelled() async throws {
        try await RedisJobQueue.with { queue in
            try await queue.notes("a")
            _ = try await queue.fail(queue.claim(1)[0], .dead)
            #expect(try await queue.cancel(["a"]) == [.dead])
            #expect(try await queue.check() == [])
        }
    }

    @Test func manyCancelledJobsDoNotHoldUpTheServer() async throws {
        try await RedisJobQueue.with { queue in
            let ids = (0..<3000).map { "\($0)" }
            try await queue.enqueue(ids.map { try JobRequest(Note(), id: $0) })
            try await queue.notes("last")
            try await queue.cancel(ids)
            let first = try await queue.cycle([], want: 100, direct: 100, lease: .seconds(60))
            #expect(first.entries.isEmpty)
            #expect(first.untilDue == .zero, "there is more to look at")
            #expect(try await queue.snapshot().cancelled >= 2500, "one call looks at a few hundred")
            var found: [String] = []
            for _ in 0..<15 { found += try await queue.claim(100).ids }
            #expect(found == ["last"])
            #expect(try await queue.check() == [])
        }
    }
}
