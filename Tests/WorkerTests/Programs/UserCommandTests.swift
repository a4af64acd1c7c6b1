import DatabaseSupport
import Foundation
import Postgres
import TestSupport
import Testing

/// `sluice user …` and `sluice audit`, apart from what they do to sessions, which is tested beside a Web process.
@Suite("sluice user", .requires(.postgres), .requires(.redis), .timeLimit(.minutes(2 * Patience.factor)))
struct UserCommandTests {
    @Test("user ls prints a line for each user, the oldest first, over more than one page; admins and disabled users are told apart")
    func list() async throws {
        try await TestDatabase.migrated { database in
            #expect(try await sluice(database, "user", "ls").output == "")
            _ = try await sluice(database, "user", "add", "ann", "--email", "ann@example.org", "--admin")
            try await TestDatabase.withPool(database.configuration) { pool in
                _ = try await pool.execute(
                    "INSERT INTO users (name, email) SELECT 'u' || n, 'u' || n || '@example.org' FROM generate_series(1, 500) AS n")
            }
            #expect(try await sluice(database, "user", "disable", "U7").status == 0)
            let program = try await sluice(database, "user", "ls")
            let rows = program.output.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
            #expect(program.status == 0 && rows.count == 501 && rows.allSatisfy { $0.count == 6 })
            #expect(rows.first?[1...4] == ["ann", "ann@example.org", "active", "admin"])
            #expect(rows.filter { $0[3] == "disabled" }.map { $0[1] } == ["u7"])
            #expect(rows.last?[1...4] == ["u500", "u500@example.org", "active", "user"])
        }
    }

    @Test("user disable and enable say what they did, and can be said twice; audit shows them as the operator's, the newest first")
    func disable() async throws {
        try await TestDatabase.migrated { database in
            _ = try await sluice(database, "user", "add", "ann", "--email", "ann@example.org", "--admin")
            for _ in 0..<2 {
                let program = try await sluice(database, "user", "disable", "ann")
                #expect(program.status == 0 && program.output == "disabled ann; sessions ended: 0\n")
            }
            #expect(try await sluice(database, "user", "enable", "ann").output == "enabled ann\n")
            #expect(try await sluice(database, "user", "end-sessions", "ann").output == "sessions ended: 0\n")
            let lines = try await sluice(database, "audit", "ann").output.split(separator: "\n", omittingEmptySubsequences: false)
            let rows = lines.dropLast().map { $0.split(separator: "\t", omittingEmptySubsequences: false).dropFirst().map(String.init) }
            #expect(
                rows == [
                    ["sessions-ended", "operator", "count=0"], ["enabled", "operator", ""], ["disabled", "operator", ""],
                    ["disabled", "operator", ""], ["registered", "operator", "admin=yes"],
                ])
            #expect(try await sluice(database, "audit", "ann", "--limit", "2").output.split(separator: "\n").count == 2)
            #expect(try await sluice(database, "audit", "ann", "--limit", "0").status == 64)
        }
    }

    @Test("what goes wrong is said in words, without the codes of programs")
    func words() async throws {
        try await TestDatabase.migrated { database in
            _ = try await sluice(database, "user", "add", "ann", "--email", "ann@example.org")
            let twin = try await sluice(database, "user", "add", "ANN", "--email", "other@example.org")
            #expect(twin.status == 1 && twin.output == "" && twin.errors == "Error: the name is taken\n")
            try await TestDatabase.withPool(database.configuration) { _ = try await $0.execute("ALTER TABLE users RENAME TO persons") }
            let broken = try await sluice(database, "user", "ls")
            #expect(broken.status == 1 && broken.errors.hasPrefix("Error: the database did not carry out a statement: "))
            #expect(!broken.errors.contains("postgres "))
        }
    }

    private func sluice(_ database: TestDatabase, _ arguments: String...) async throws -> Program {
        try await Program.run(
            "sluice", arguments, environment: ["SLUICE_DATABASE_URL": database.url, "SLUICE_REDIS_URL": try TestServer.redis.url])
    }
}
