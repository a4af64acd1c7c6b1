import Foundation
import Jobs
import Redis
import TestSupport
import Testing

/// `sluice bench queue`, which runs on servers where other people's jobs live.
@Suite("sluice bench queue", .requires(.redis), .timeLimit(.minutes(2 * Patience.factor)))
struct BenchCommandTests {
    @Test("it prints rates, pickup and memory, with all that its flags ask for")
    func figures() async throws {
        try await CommandFixture.with { fixture in
            let program = try await fixture.sluice(
                "bench", "queue", "--jobs", "3001", "--batch", "100", "--payload", "2000", "--tenants", "7", "--processes", "2",
                "--concurrency", "8", "--pickups", "20")
            #expect(program.status == 0 && program.errors.isEmpty)
            let lines = program.output.split(separator: "\n")
            #expect(lines.first == "3001 jobs of 2000 bytes, tenants: 7, batches of 100, worker processes: 2 × 8 handlers")
            #expect(lines.count == 6 && lines.count { $0.hasSuffix(" jobs/s") } == 2 && lines.count { $0.hasSuffix(" ms") } == 2)
            let bytes = lines.last?.split(separator: " ").compactMap { Int($0) }.first ?? 0
            #expect((2000...4000).contains(bytes))
        }
    }

    @Test("it leaves nothing behind, and other queues as they were")
    func cleansUp() async throws {
        try await CommandFixture.with { fixture in
            let queue = try await fixture.served("parcels")
            try await queue.enqueue((0..<10).map { _ in try JobRequest(Parcel()) })
            let (before, keys) = (try await queue.snapshot(), try await fixture.keys())
            #expect(try await fixture.sluice("bench", "queue", "--jobs", "500", "--pickups", "2").status == 0)
            #expect(try await fixture.keys() == keys)
            let after = try await queue.snapshot()
            #expect((after.ready, after.bytes, after.done) == (before.ready, before.bytes, before.done))
            let names = try await fixture.client.send(RedisCommand("ZRANGE", "queues", 0, -1)).array?.compactMap(\.string)
            #expect(names == ["parcels"])
        }
    }

    @Test("interrupted, it removes what it made, and ends its workers")
    func interrupted() async throws {
        try await CommandFixture.with { fixture in
            let process = try ChildProcess(
                ["\(Program.folder)/sluice", "bench", "queue", "--jobs", "200000", "--batch", "10", "--payload", "1500", "--pickups", "0"],
                environment: [
                    "SLUICE_DATABASE_URL": "postgres://u:p@127.0.0.1/d", "SLUICE_REDIS_URL": "redis://127.0.0.1:\(fixture.server.port)",
                ])
            try await eventually { try await fixture.keys() ?? 0 > 500 }
            process.signal(SIGINT)
            #expect(await process.end() == 1)
            #expect(try await fixture.keys() == 0)
            // Only the test's own connection is left, once the server has read that the others have ended.
            try await eventually {
                try await fixture.client.send(RedisCommand("CLIENT", "LIST")).string?.split(separator: "\n").count == 1
            }
        }
    }

    @Test(
        "sizes that make no sense, or would fill somebody's server, are refused",
        arguments: [
            ["--jobs", "0"], ["--batch", "501"], ["--payload", "65537"], ["--processes", "0"], ["--jobs", "100000000"],
            ["--jobs", "20000", "--payload", "65536"],
        ])
    func refused(arguments: [String]) async throws {
        let program = try await CommandFixture.sluice(port: 1, ["bench", "queue"] + arguments)
        #expect(program.status == 64 && program.output.isEmpty)
        #expect(program.errors.contains("--jobs") || program.errors.contains("--payload"))
    }
}
