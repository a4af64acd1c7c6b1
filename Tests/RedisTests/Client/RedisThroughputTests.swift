import Platform
import Redis
import TestSupport
import Testing

/// Figures rather than promises: only with SLUICE_BENCH set, and worth something only in a release build.
@Suite(.requires(.redis), .enabled(if: TestServer.environment("SLUICE_BENCH") != nil), .serialized)
struct RedisThroughputTests {
    @Test(arguments: [1, 32, 256]) func `single commands`(tasks: Int) async throws {
        try await withClient { client in
            try await measure("single commands from \(tasks) tasks", tasks: tasks, rounds: 100_000 / tasks, commandsPerRound: 1) {
                _ = try await client.send(RedisCommand("SET", "test:bench", "0123456789"))
            }
        }
    }

    @Test func `batches of 128`() async throws {
        try await withClient { client in
            try await measure("batches of 128 from 4 tasks", tasks: 4, rounds: 1000, commandsPerRound: 128) {
                let batch = (0..<128).map { _ in RedisCommand("SET", "test:bench", "0123456789") }
                _ = try await client.send(batch)
            }
        }
    }

    @Test func `replies of 500 strings`() async throws {
        try await withClient { client in
            let script = RedisScript(name: "many", source: "local r = {} for i = 1, 500 do r[i] = 'string ' .. i end return r")
            try await measure("strings in replies of 500", tasks: 4, rounds: 1000, commandsPerRound: 500) {
                let reply = try await client.evaluate(script, keys: [], arguments: [])
                #expect(reply.array?.count == 500)
            }
        }
    }

    private func measure(
        _ name: String, tasks: Int, rounds: Int, commandsPerRound: Int, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await body()
        let time = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<tasks { group.addTask { for _ in 0..<rounds { try await body() } } }
                try await group.waitForAll()
            }
        }
        print("\(name): \(Int(Double(tasks * rounds * commandsPerRound) / (time / .seconds(1)))) per second")
    }
}
