import Jobs
import TestSupport
import Testing

/// What every implementation of the queue does alike; `docs/queue.md` states it.
@Suite("Conformance", .requires(.redis), .timeLimit(.minutes(Patience.factor))) struct ConformanceTests {
    @Test("jobs of a lane keep their order, through a retry of one and a hand-back", arguments: TestedQueue.Kind.allCases)
    func order(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            let results = try await queue.enqueue("1", "2", "3", "4")
            #expect(results == Array(repeating: .enqueued, count: 4))
            let first = try await queue.claim(3)
            #expect(first.ids == ["1", "2", "3"])
            #expect(try await queue.queue.release(first[1...].map(\.member)) == 2)
            #expect(try await queue.fail([first[0]], .retry) == [])
            #expect(try await queue.claim(9).ids == ["2", "3", "4"])
            try await queue.pass(.seconds(61))
            let again = try await queue.claim(9)
            #expect(again.ids == ["1"])
            #expect(again[0].entry.attempts == 1)
            #expect(again[0].entry.previousEpoch == first[0].epoch)
            #expect(again[0].epoch > first[0].epoch)
        }
    }

    @Test("an id exists once, in whatever state its job is", arguments: TestedQueue.Kind.allCases)
    func ids(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            #expect(try await queue.enqueue("a", "a", "b") == [.enqueued, .duplicate(.live), .enqueued])
            let jobs = try await queue.claim(2)
            #expect(try await queue.enqueue("a") == [.duplicate(.live)])
            #expect(try await queue.fail([jobs[1]], .dead, reason: "no\nuse") == [])
            #expect(try await queue.enqueue("b") == [.duplicate(.dead)])
            #expect(try await queue.acknowledge([jobs[0], jobs[1]]) == [1])
            #expect(try await queue.enqueue("a") == [.enqueued])
            let dead = try await queue.queue.dead()
            #expect(dead.map(\.id) == ["b"])
            #expect(dead.map(\.reason) == ["no use"])
            #expect(dead.map(\.type) == ["note"])
            #expect(try await queue.queue.replay(["b", "a"]) == 1)
            #expect(try await queue.claim(9).ids == ["a", "b"])
        }
    }

    @Test("a late acknowledgement, failure or hand-back changes nothing", arguments: TestedQueue.Kind.allCases)
    func fencing(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            _ = try await queue.enqueue("a")
            let old = try await queue.claim(1)
            #expect(try await queue.lose().crashed == 1)
            let new = try await queue.claim(1)
            #expect(try await queue.acknowledge(old) == [0])
            #expect(try await queue.fail(old, .dead) == [0])
            #expect(try await queue.queue.release(old.map(\.member)) == 0)
            #expect(try await queue.queue.beat(started: old.map(\.member), waiting: new.map(\.member), lease: .seconds(60)).lost == [0])
            #expect(try await queue.queue.snapshot().inFlight == 1)
            #expect(try await queue.acknowledge(new) == [])
        }
    }

    @Test("a renewal keeps a lease", arguments: TestedQueue.Kind.allCases)
    func renewal(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            _ = try await queue.enqueue("a", "b")
            // Hours, of which the time that the test itself takes is nothing.
            let jobs = try await queue.claim(2, lease: .seconds(3 * 3600))
            try await queue.pass(.seconds(2 * 3600))
            _ = try await queue.queue.beat(started: [jobs[0].member], waiting: [], lease: .seconds(3 * 3600))
            try await queue.pass(.seconds(2 * 3600))
            let reply = try await queue.reap()
            #expect(reply.returned == 1)
            let next = try #require(reply.untilNext)
            #expect(next > .seconds(1800) && next <= .seconds(3600))
            #expect(try await queue.claim(9).ids == ["b"])
        }
    }

    @Test("H94 crashes: only what was started, three in a row, suspects alone", arguments: TestedQueue.Kind.allCases)
    func crashes(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            _ = try await queue.enqueue("1", "2", "3")
            _ = try await queue.claim(3, direct: 2)
            #expect(try await queue.lose().crashed == 2)
            let second = try await queue.claim(3)
            #expect(second.map(\.entry.crashes) == [1, 1, 0])
            #expect(try await queue.lose().crashed == 3)
            #expect(try await queue.queue.snapshot().suspects == 2)
            let third = try await queue.claim(3)
            #expect(third.count == 2)
            #expect(try await queue.lose().poisoned == 1)
            let dead = try await queue.queue.dead()
            #expect(dead.map(\.crashes) == [3])
            #expect(dead.first?.reason.hasPrefix("poison") == true)
        }
    }

    @Test("priorities are strict, tenants share, weights count", arguments: TestedQueue.Kind.allCases)
    func fairness(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            for tenant in ["a", "b"] {
                try await queue.queue.enqueue((0..<200).map { try JobRequest(Note(), id: "\(tenant)\($0)", tenant: tenant) })
            }
            _ = try await queue.enqueue("urgent", tenant: "c", priority: 9)
            #expect(try await queue.claim(1).ids == ["urgent"])
            let equal = try await queue.claim(64)
            #expect(equal.count { $0.entry.tenant == "a" } == 32)
            _ = try await queue.enqueue("single", tenant: "d")
            #expect(try await queue.claim(48).ids.contains("single"))
            try await queue.queue.limit(.weight(tenant: "b"), to: 3)
            let weighted = try await queue.claim(160)
            let share = weighted.count { $0.entry.tenant == "b" }
            #expect((104...136).contains(share), "three quarters of 160, give or take a turn: \(share)")
        }
    }

    @Test("limits: length, in flight, per tenant, rate", arguments: TestedQueue.Kind.allCases)
    func limits(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            try await queue.queue.limit(.length, to: 4)
            _ = try await queue.enqueue("1", "2", "3", tenant: "a")
            let error = await #expect(throws: JobsError.self) { try await queue.enqueue("4", "5") }
            #expect(error?.code == .full)
            _ = try await queue.enqueue("4", tenant: "b")
            try await queue.queue.limit(.inFlightPerTenant, to: 1)
            let two = try await queue.claim(9)
            #expect(two.ids.sorted() == ["1", "4"])
            #expect(try await queue.queue.snapshot().ready == 2)
            try await queue.queue.limit(.inFlight, to: 2)
            try await queue.queue.limit(.inFlightPerTenant, to: nil)
            #expect(try await queue.claim(9).isEmpty)
            #expect(try await queue.acknowledge([two[0]]) == [])
            #expect(try await queue.claim(9).ids == ["2"])
            try await queue.queue.limit(.inFlight, to: nil)
            try await queue.queue.limit(.rate, to: 1)
            try await queue.queue.limit(.length, to: nil)
            _ = try await queue.enqueue("5", "6")
            #expect(try await queue.claim(9).count == 1)
            let bytes = try await queue.queue.snapshot().bytes
            try await queue.queue.limit(.bytes, to: bytes)
            await #expect(throws: JobsError.self) { try await queue.enqueue("7") }
        }
    }

    @Test("pauses: queue, tenant, type", arguments: TestedQueue.Kind.allCases)
    func pauses(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            _ = try await queue.enqueue("a1", "a2", tenant: "a")
            _ = try await queue.enqueue("b1", "b2", tenant: "b")
            #expect(try await queue.queue.pause(.queue))
            #expect(try await queue.claim(9).isEmpty)
            #expect(try await queue.queue.resume(.queue))
            try await queue.queue.pause(.tenant("a"))
            #expect(try await queue.claim(1).ids == ["b1"])
            try await queue.queue.pause(.type("note"))
            try await queue.queue.resume(.tenant("a"))
            #expect(try await queue.claim(9).isEmpty)
            #expect(try await queue.queue.snapshot().parked == 3)
            #expect(try await queue.reap().parked == ["note"])
            try await queue.queue.resume(.type("note"))
            #expect(try await queue.claim(9).ids.sorted() == ["a1", "a2", "b2"])
        }
    }

    @Test("cancelled jobs are removed where they are met", arguments: TestedQueue.Kind.allCases)
    func cancellation(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            _ = try await queue.enqueue("running", "waiting", "other")
            _ = try await queue.enqueue("late", delay: .seconds(30), key: "k")
            let running = try await queue.claim(1)
            #expect(
                try await queue.queue.cancel(["running", "waiting", "late", "nobody"]) == [.cancelled, .cancelled, .cancelled, .notFound])
            #expect(try await queue.queue.beat(started: running.map(\.member), waiting: [], lease: .seconds(60)).cancelled == [0])
            #expect(try await queue.fail(running, .retry) == [])
            #expect(try await queue.claim(9).ids == ["other"])
            try await queue.pass(.seconds(31))
            #expect(try await queue.claim(9).isEmpty)
            #expect(try await queue.queue.snapshot().cancelled == 0)
            #expect(try await queue.enqueue("late", key: "k") == [.enqueued])
        }
    }

    @Test("a unique key is held until its job has ended", arguments: TestedQueue.Kind.allCases)
    func uniqueKeys(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            #expect(try await queue.enqueue("a", "b", key: "k") == [.enqueued, .uniqueKeyHeld(by: "a")])
            _ = try await queue.fail(queue.claim(1), .dead)
            #expect(try await queue.enqueue("b", key: "k") == [.enqueued])
            #expect(try await queue.queue.replay(["a"]) == 0)
            #expect(try await queue.acknowledge(queue.claim(1)) == [])
            #expect(try await queue.queue.replay(["a"]) == 1)
            #expect(try await queue.enqueue("c", key: "k") == [.uniqueKeyHeld(by: "a")])
        }
    }

    @Test("unknown kinds are parked and return in their order", arguments: TestedQueue.Kind.allCases)
    func parking(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            _ = try await queue.enqueue("1", "2", "3")
            #expect(try await queue.fail(queue.claim(2), .park, reason: "note#9") == [])
            #expect(try await queue.reap().parked == ["note#9"])
            try await queue.queue.unpark(kind: "note#9", type: "note")
            #expect(try await queue.claim(9).ids == ["1", "2", "3"])
        }
    }

    @Test("what nobody was told of is found by the next look for lost leases", arguments: TestedQueue.Kind.allCases)
    func forgottenWork(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            _ = try await queue.enqueue("late", delay: .seconds(30))
            // Whoever learns here when it is due dies.
            #expect(try await queue.claim(1).isEmpty)
            #expect(try await !queue.reap().hasWork)
            #expect(try await !queue.queue.awaitWork(for: .milliseconds(50)))
            try await queue.pass(.seconds(31))
            #expect(try await queue.reap().hasWork)
            #expect(try await queue.queue.awaitWork(for: .seconds(1)))
            for _ in 0..<2 {
                #expect(try await queue.claim(1).ids == ["late"])
                #expect(try await queue.lose().returned == 1)
            }
            #expect(try await queue.queue.snapshot().suspects == 1)
            _ = try await queue.queue.awaitWork(for: .seconds(1))
            #expect(try await queue.reap().hasWork)
            #expect(try await queue.queue.awaitWork(for: .seconds(1)))
        }
    }

    @Test("jobs that crashed and were parked come back one at a time", arguments: TestedQueue.Kind.allCases)
    func parkedSuspects(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            _ = try await queue.enqueue("1", "2")
            for _ in 0..<2 {
                #expect(try await queue.claim(2).count == 2)
                #expect(try await queue.lose().returned == 2)
            }
            try await queue.queue.pause(.type("note"))
            for _ in 0..<2 { #expect(try await queue.claim(2).isEmpty) }
            #expect(try await queue.queue.snapshot().parked == 2)
            try await queue.queue.resume(.type("note"))
            try await queue.queue.unpark(kind: "note", type: "note")
            #expect(try await queue.queue.snapshot().suspects == 2)
            #expect(try await queue.claim(2).count == 1)
            #expect(try await queue.lose().poisoned == 1)
            #expect(try await queue.acknowledge(queue.claim(2)) == [])
        }
    }

    @Test("the age of the oldest is that of the job that waits behind all others", arguments: TestedQueue.Kind.allCases)
    func oldestAge(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            _ = try await queue.enqueue("old")
            // Real time, since the age of jobs cannot be moved on the server.
            try await Task.sleep(for: .milliseconds(40))
            try await queue.pass(.milliseconds(40))
            for tenant in 0..<600 { _ = try await queue.enqueue("new-\(tenant)", tenant: "\(tenant)", priority: 9) }
            #expect(try await queue.queue.snapshot().oldestAge >= .milliseconds(40))
        }
    }

    @Test("dead pages follow one another", arguments: TestedQueue.Kind.allCases)
    func deadPages(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            _ = try await queue.enqueue("1", "2", "3", "4", "5")
            _ = try await queue.fail(queue.claim(5), .dead)
            let first = try await queue.queue.dead(after: nil, limit: 2)
            let rest = try await queue.queue.dead(after: first.last?.cursor, limit: 9)
            #expect((first + rest).map(\.id) == ["1", "2", "3", "4", "5"])
            #expect(try await queue.queue.drop(first.map(\.id) + ["nobody"]) == 2)
            #expect(try await queue.queue.snapshot().dead == 3)
        }
    }

    @Test("one token wakes one who waits", arguments: TestedQueue.Kind.allCases)
    func waking(_ kind: TestedQueue.Kind) async throws {
        try await TestedQueue.with(kind) { queue in
            #expect(try await !queue.queue.awaitWork(for: .milliseconds(1)))
            async let woken = queue.queue.awaitWork(for: .seconds(30))
            _ = try await queue.enqueue("a")
            #expect(try await woken)
            try await queue.queue.passOnToken()
            #expect(try await queue.queue.awaitWork(for: .seconds(30)))
            _ = try await queue.claim(2)
            #expect(try await !queue.queue.awaitWork(for: .milliseconds(1)), "all was taken")
        }
    }
}
