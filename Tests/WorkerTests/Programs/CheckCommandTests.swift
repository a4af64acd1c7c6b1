import Jobs
import Redis
import TestSupport
import Testing

/// `sluice check` on queues that are well, and on damaged ones.
@Suite("sluice check", .requires(.redis), .timeLimit(.minutes(2 * Patience.factor)))
struct CheckCommandTests {
    @Test("consistent queues: one line each, and success")
    func consistent() async throws {
        try await CommandFixture.with("--appendonly", "yes") { fixture in
            for name in ["letters", "parcels"] {
                try await fixture.served(name).enqueue((0..<20).map { _ in try JobRequest(Parcel()) })
            }
            let program = try await fixture.sluice("check")
            #expect(program.status == 0 && program.output == "letters\tconsistent\nparcels\tconsistent\n" && program.errors.isEmpty)
        }
    }

    @Test("a damaged queue: what is wrong in words, and exit status 1, also when it is one of many")
    func damaged() async throws {
        try await CommandFixture.with("--appendonly", "yes") { fixture in
            let queue = try await fixture.served("parcels")
            _ = try await fixture.served("letters")
            try await queue.enqueue([JobRequest(Parcel(), id: "a")])
            _ = try await fixture.client.send(RedisCommand("SADD", RedisArgument(queue.keys.otherIDs), "ghost"))
            let program = try await fixture.sluice("check")
            #expect(program.status == 1 && program.errors.isEmpty)
            #expect(program.output.hasPrefix("letters\tconsistent\nparcels\t1 violations\n  1 jobs are counted, but there are 2 ids"))
            #expect(try await fixture.sluice("check", "letters").status == 0)
            let misspelt = try await fixture.sluice("check", "leters")
            #expect(misspelt.status == 1 && misspelt.output.isEmpty)
            #expect(misspelt.errors.contains("no worker has served leters") && misspelt.errors.contains("letters, parcels"))
            #expect(try await fixture.sluice("check", "parcels", "--members", "1").status == 1)
            #expect(try await fixture.sluice("check", "--members", "0").status == 64)
        }
    }

    @Test("settings of the server that endanger jobs are said, with what to do, and are no failure")
    func serverSettings() async throws {
        try await CommandFixture.with("--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lru") { fixture in
            let program = try await fixture.sluice("check")
            #expect(program.status == 0)
            let lines = program.output.split(separator: "\n")
            #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("redis\t") && $0.contains("CONFIG SET") })
        }
    }

    @Test("a server that is too old is a failure, with its version and what to do")
    func oldServer() async throws {
        try await OldRedisServer.with(version: "6.2.14") { port in
            let program = try await CommandFixture.sluice(port: port, ["check"])
            #expect(program.status == 1)
            #expect(program.output.hasPrefix("redis\tjobs need Redis 7.0 or later, this server is 6.2.14: upgrade it"))
        }
    }

    @Test("at a replica the check works, and says that it is one")
    func replica() async throws {
        try await CommandFixture.with("--appendonly", "yes") { primary in
            try await primary.served("parcels").enqueue([JobRequest(Parcel())])
            try await CommandFixture.with("--appendonly", "yes", "--replicaof", "127.0.0.1", "\(primary.server.port)") { replica in
                try await eventually { try await replica.keys() ?? 0 > 0 }
                let program = try await replica.sluice("check")
                #expect(program.status == 0 && program.output.contains("parcels\tconsistent"))
                #expect(program.output.contains("point SLUICE_REDIS_URL at the primary"))
                let refused = try await replica.sluice("queue", "pause", "parcels")
                #expect(refused.status == 1 && refused.errors.contains("point SLUICE_REDIS_URL at the primary"))
            }
        }
    }
}
