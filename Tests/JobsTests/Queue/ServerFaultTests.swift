import Jobs
import Redis
import RedisSupport
import TestSupport
import Testing

/// What an operator reads when Redis cannot do its part.
@Suite(.requires(.redis), .timeLimit(.minutes(Patience.factor))) struct ServerFaultTests {
    private func with(_ arguments: [String] = [], _ body: @Sendable (RedisJobQueue) async throws -> Void) async throws {
        let server = try await RedisServerProcess.start(arguments: arguments)
        try await RedisClient.with("redis://127.0.0.1:\(server.port)") { client in
            try await body(RedisJobQueue(client: client, name: "fault"))
        }
    }

    private func error(_ body: () async throws -> Void) async -> JobsError? {
        await #expect(throws: JobsError.self) { try await body() }
    }

    @Test("H95 Redis out of memory: the queue is full, running jobs can still be acknowledged")
    func outOfMemory() async throws {
        try await with { queue in
            try await queue.notes("a", "b")
            let jobs = try await queue.claim(1)
            _ = try await queue.client.send(RedisCommand("CONFIG", "SET", "maxmemory", "1"))
            let refused = await error { try await queue.notes("c") }
            #expect(refused?.code == .full)
            #expect(refused?.description.contains("CONFIG SET maxmemory") == true)
            #expect(try await queue.acknowledge(jobs) == [])
            _ = try await queue.client.send(RedisCommand("CONFIG", "SET", "maxmemory", "0"))
            #expect(try await queue.notes("c") == [.enqueued])
            #expect(try await queue.check() == [])
        }
    }

    @Test("H95 Redis out of memory: jobs that run keep their leases, operators can still steer, and workers drain the queue")
    func drainsWhenFull() async throws {
        try await with(["--maxmemory-policy", "noeviction"]) { queue in
            let (started, ended) = (Record<String>(), Record<(String, Bool)>())
            try await queue.notes("slow")
            try await withWorker(queue, concurrency: 4, lease: .milliseconds(900).stretched) { _, context in
                started.add(context.id)
                // Three leases long: without renewals others would get the job.
                if context.id == "slow" { try await Task.sleep(for: .milliseconds(2700).stretched) }
                ended.add((context.id, context.isCurrent()))
                return .done
            } _: { _, _ in
                await started.wait(for: 1)
                try await queue.enqueue((0..<600).map { _ in try JobRequest(Note(), delay: .milliseconds(500)) })
                try await queue.notes("cancelled", delay: .seconds(600))
                _ = try await queue.client.send(RedisCommand("CONFIG", "SET", "maxmemory", "1"))
                #expect(await error { try await queue.notes("refused") }?.code == .full)
                #expect(try await queue.pause(.type("other")))
                try await queue.limit(.inFlight, to: 100)
                #expect(try await queue.cancel(["cancelled"]) == [.cancelled])
                await ended.wait(for: 601)
                try await expectEventually { try await queue.snapshot().inFlight == 0 }
            }
            #expect(ended.events.allSatisfy(\.1) && Set(ended.events.map(\.0)).count == 601 && started.events.count == 601)
            #expect(try await queue.check() == [])
        }
    }

    @Test("H95 a read-only replica: the message names the primary")
    func replica() async throws {
        try await with { queue in
            try await queue.notes("a")
            _ = try await queue.client.send(RedisCommand("REPLICAOF", "127.0.0.1", "1"))
            let refused = await error { try await queue.notes("b") }
            #expect(refused?.code == .unavailable)
            #expect(refused?.description.contains("primary") == true)
            // The client leaves a connection to a replica at once, and makes another.
            try await expectEventually { (try? await queue.client.send(RedisCommand("REPLICAOF", "NO", "ONE"))) != nil }
            try await expectEventually { (try? await queue.notes("b")) == [.enqueued] }
        }
    }

    @Test("H95 a worker at a replica waits, says where to go, and works as soon as the replica is promoted")
    func workerAtReplica() async throws {
        let primary = try await RedisServerProcess.start()
        try await RedisClient.with("redis://127.0.0.1:\(primary.port)") { client in
            _ = try await RedisJobQueue(client: client, name: "fault").notes("a", "b")
        }
        try await with(["--replicaof", "127.0.0.1", "\(primary.port)"]) { queue in
            let (log, ran) = (LogRecord(), Record<String>())
            try await expectEventually { try await queue.snapshot().ready == 2 }
            #expect(try await queue.check() == [], "looking is allowed")
            #expect(try await ServerCheck.read(queue.client).contains { $0.warnings.contains { $0.contains("primary") } })
            try await withWorker(queue, logger: log.logger) { _, context in
                ran.add(context.id)
                return .done
            } _: { worker, _ in
                try await expectEventually { log.holds("point SLUICE_REDIS_URL at the primary") && log.holds("READONLY") }
                #expect(!worker.isReady && ran.events.isEmpty)
                try await expectEventually { (try? await queue.client.send(RedisCommand("REPLICAOF", "NO", "ONE"))) != nil }
                await ran.wait(for: 2)
                try await expectEventually { worker.isReady }
            }
            #expect(Set(ran.events) == ["a", "b"])
        }
    }

    @Test("H95 a user without rights: the message names the access list")
    func noPermission() async throws {
        try await with { queue in
            _ = try await queue.client.send(RedisCommand("ACL", "SETUSER", "default", "resetkeys", "~other*"))
            let refused = await error { try await queue.notes("a") }
            #expect(refused?.description.contains("ACL") == true)
        }
    }

    @Test("H95 scripts were flushed between two calls: nobody notices")
    func scriptFlush() async throws {
        try await with { queue in
            try await queue.notes("a")
            _ = try await queue.client.send(RedisCommand("SCRIPT", "FLUSH"))
            #expect(try await queue.notes("b") == [.enqueued])
            #expect(try await queue.claim(5).ids == ["a", "b"])
        }
    }

    @Test("H95 scripts are flushed again and again while a worker runs: each job runs once")
    func scriptFlushWhileWorking() async throws {
        try await with { queue in
            let ran = Record<String>()
            try await withWorker(queue) { _, context in
                ran.add(context.id)
                return .done
            } _: { _, _ in
                for round in 0..<20 {
                    try await queue.enqueue((0..<50).map { try JobRequest(Note(), id: "\(round)-\($0)") })
                    _ = try await queue.client.send(RedisCommand("SCRIPT", "FLUSH", round.isMultiple(of: 2) ? "SYNC" : "ASYNC"))
                }
                await ran.wait(for: 1000)
                try await expectEventually { try await queue.isEmpty }
            }
            #expect(ran.events.count == 1000 && Set(ran.events).count == 1000)
            #expect(try await queue.check() == [])
        }
    }

    @Test("H95 no Redis at all: the message asks for the address")
    func nobodyListens() async throws {
        let away = try ReservedPort()
        defer { withExtendedLifetime(away) {} }
        let port = away.number
        try await RedisClient.with("redis://127.0.0.1:\(port)") { client in
            let queue = try RedisJobQueue(client: client, name: "fault")
            let refused = await error { try await queue.notes("a") }
            #expect(refused?.code == .unavailable)
            #expect(refused?.description.contains("SLUICE_REDIS_URL") == true)
        }
    }

    @Test("H95 a password that is missing: the message says where it belongs")
    func noPassword() async throws {
        let server = try await RedisServerProcess.start(arguments: ["--requirepass", "hush"])
        try await RedisClient.with("redis://127.0.0.1:\(server.port)") { client in
            let queue = try RedisJobQueue(client: client, name: "fault")
            let refused = await error { try await queue.notes("a") }
            #expect(refused?.description.contains("SLUICE_REDIS_URL") == true)
            #expect(refused?.description.contains("hush") == false)
        }
    }
}
