import DatabaseSupport
import Postgres
import TestSupport
import Testing

@Suite("sluice quota", .requires(.postgres), .timeLimit(.minutes(2 * Patience.factor)))
struct QuotaCommandTests {
    @Test("set, show and recount print used and limit; what is no limit is refused")
    func commands() async throws {
        try await TestDatabase.migrated { database in
            _ = try await sluice(database, "user", "add", "ann", "--email", "ann@example.org")
            #expect(try await sluice(database, "quota", "show", "ann").output == "bytes\t0\t77\nfiles\t0\tnone\n")
            #expect(try await sluice(database, "quota", "set", "ann", "--bytes", "1KiB").output == "bytes\t0\t1024\nfiles\t0\tnone\n")
            #expect(
                try await sluice(database, "quota", "set", "ann", "--files", "5", "--bytes", "none").output
                    == "bytes\t0\tnone\nfiles\t0\t5\n")
            try await TestDatabase.withPool(database.configuration) {
                _ = try await $0.execute("UPDATE file_usage SET bytes = 9, files = 9")
            }
            #expect(try await sluice(database, "quota", "show", "ann").output == "bytes\t9\tnone\nfiles\t9\t5\n")
            #expect(try await sluice(database, "quota", "recount", "ann").output == "bytes\t0\tnone\nfiles\t0\t5\n")
            #expect(
                try await sluice(database, "quota", "set", "ann", "--files", "default", "--bytes", "default").output
                    == "bytes\t0\t77\nfiles\t0\tnone\n")
            for limit in ["-1", "1.5", "much", ""] {
                #expect(try await sluice(database, "quota", "set", "ann", "--files", limit).status == 64)
            }
            #expect(try await sluice(database, "quota", "set", "ann").status == 64)
            #expect(try await sluice(database, "quota", "show", "bob").status == 1)
        }
    }

    private func sluice(_ database: TestDatabase, _ arguments: String...) async throws -> Program {
        try await Program.run(
            "sluice", arguments,
            environment: ["SLUICE_DATABASE_URL": database.url, "SLUICE_REDIS_URL": "redis://127.0.0.1:1", "SLUICE_QUOTA_BYTES": "77"])
    }
}
