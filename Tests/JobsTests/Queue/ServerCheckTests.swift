import Jobs
import Logging
import Redis
import RedisSupport
import ServiceLifecycle
import TestSupport
import Testing

/// What an operator reads about a Redis that should be set up otherwise.
@Suite(.requires(.redis), .timeLimit(.minutes(Patience.factor))) struct ServerCheckTests {
    private func warnings(_ arguments: String...) async throws -> [String] {
        let server = try await RedisServerProcess.start(arguments: arguments)
        return try await RedisClient.with("redis://127.0.0.1:\(server.port)") { client in
            let check = try #require(try await ServerCheck.read(client).first)
            #expect(check.refusal == nil)
            return check.warnings
        }
    }

    @Test("H95 a server that is set up well gives no warnings")
    func good() async throws {
        let found = try await warnings("--appendonly", "yes", "--maxmemory", "1gb", "--maxmemory-policy", "noeviction")
        #expect(found.isEmpty)
    }

    @Test("H95 an eviction policy that may throw jobs away is named, with the command that sets the right one")
    func eviction() async throws {
        for policy in ["allkeys-lru", "volatile-ttl"] {
            let found = try await warnings("--appendonly", "yes", "--maxmemory", "1gb", "--maxmemory-policy", policy)
            #expect(found.count == 1)
            #expect(found.first?.contains(policy) == true)
            #expect(found.first?.contains("CONFIG SET maxmemory-policy noeviction") == true)
        }
    }

    @Test("H95 a server without an append-only file is named, with the command that starts one")
    func noAppendOnlyFile() async throws {
        let found = try await warnings("--appendonly", "no")
        #expect(found.count == 1)
        #expect(found.first?.contains("CONFIG SET appendonly yes") == true)
    }

    @Test("H95 a worker tells the warnings when it starts, and works all the same")
    func workerWarns() async throws {
        let server = try await RedisServerProcess.start(arguments: ["--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lfu"])
        try await RedisClient.with("redis://127.0.0.1:\(server.port)") { client in
            let queue = try RedisJobQueue(client: client, name: "warned")
            let (log, ran) = (LogRecord(), Record<Void>())
            try await queue.notes("a")
            try await withWorker(queue, logger: log.logger) { _, _ in
                ran.add(())
                return .done
            } _: { _, _ in
                await ran.wait(for: 1)
            }
            #expect(log.holds("CONFIG SET maxmemory-policy noeviction"))
            #expect(log.holds("CONFIG SET appendonly yes"))
        }
    }

    @Test(
        "H95 Web says at its start that Redis may throw sessions away, or forget them, and how to set it right",
        arguments: [("allkeys-lru", true), ("volatile-ttl", true), ("noeviction", false)])
    func webWarns(policy: String, isSaid: Bool) async throws {
        let server = try await RedisServerProcess.start(arguments: ["--maxmemory", "1gb", "--maxmemory-policy", policy])
        let log = LogRecord()
        try await RedisClient.with("redis://127.0.0.1:\(server.port)") { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await ServerWarnings(client: client, of: .sessions, logger: log.logger).run() }
                try await awaitTruth("it was said") { log.lines.count == (isSaid ? 2 : 1) }
                group.cancelAll()
            }
        }
        #expect(log.holds("a restart of Redis forgets sessions: CONFIG SET appendonly yes"))
        let sentence = "maxmemory-policy is \(policy), so Redis may throw sessions away: CONFIG SET maxmemory-policy noeviction"
        #expect(log.holds(sentence) == isSaid)
    }

    @Test("H95 a user that may not read INFO works unchecked, and is told so")
    func noInfo() async throws {
        let server = try await RedisServerProcess.start()
        try await RedisClient.with("redis://127.0.0.1:\(server.port)") { client in
            _ = try await client.send(RedisCommand("ACL", "SETUSER", "default", "-info"))
            let check = try #require(try await ServerCheck.read(client).first)
            #expect(check.refusal == nil)
            #expect(check.warnings.first?.contains("+info") == true)
        }
    }

    @Test("H95 a worker does not start on a server before 7.0, and says what to do")
    func oldServer() async throws {
        try await OldRedisServer.with(version: "6.2.14") { port in
            try await RedisClient.with("redis://127.0.0.1:\(port)") { client in
                let worker = try JobWorker(
                    client: client, queues: [QueueOptions("old", concurrency: 1)], registry: JobRegistry(), logger: .silent)
                let error = await #expect(throws: JobsError.self) { try await worker.run() }
                #expect(error?.code == .unsupportedServer)
                #expect(error?.description.contains("6.2.14") == true)
                #expect(error?.description.contains("SLUICE_REDIS_URL") == true)
                let queue = try RedisJobQueue(client: client, name: "old")
                let refusal = await #expect(throws: JobsError.self, "and whoever only enqueues") { try await queue.notes("a") }
                #expect(refusal?.code == .unsupportedServer)
                #expect(refusal?.description.contains("SLUICE_REDIS_URL") == true)
            }
        }
    }

    @Test("H95 versions are compared by number, and a server that names none is refused")
    func versions() {
        #expect(ServerCheck(info: "").refusal != nil)
        #expect(ServerCheck(info: "redis_version:6.2.14\r\n").refusal != nil)
        #expect(ServerCheck(info: "redis_version:7.0.15\r\n").refusal == nil)
        #expect(ServerCheck(info: "redis_version:10.1.0\r\n").refusal == nil)
        #expect(ServerCheck(info: "redis_version:7.0.15\r\naof_last_write_status:err\r\n").warnings.first?.contains("disk") == true)
    }
}
