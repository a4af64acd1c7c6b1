import Jobs
import Redis
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
            #expect(refused?.description.contains("maxmemory") == true)
            #expect(try await queue.acknowledge(jobs) == [])
            _ = try await queue.client.send(RedisCommand("CONFIG", "SET", "maxmemory", "0"))
            #expect(try await queue.notes("c") == [.enqueued])
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
}
