import Accounts
import DatabaseSupport
import Files
import Platform
import Postgres
import TestSupport
import Testing

@Suite("Migrations of a database that has rows", .serialized, .requires(.postgres))
struct MigrationTests {
    /// A pool on a database that has the schema as it was before one of the migrations.
    private func before(_ number: Int, _ body: (PostgresPool, Migrator) async throws -> Void) async throws {
        try await TestDatabase.with { database in
            try await TestDatabase.withPool(database.configuration) { pool in
                let all = AccountsSchema.migrations + FilesSchema.migrations
                _ = try await Migrator(pool: pool, migrations: all.filter { $0.number < number }).migrate()
                try await body(pool, Migrator(pool: pool, migrations: all))
            }
        }
    }

    @Test("0012 charges what is being made of parts to users who have a quota, once and nothing else")
    func creations() async throws {
        try await before(12) { pool, migrator in
            let rows: [(owner: Int, kind: String, state: String, length: Int)] = [
                // What is charged.
                (1, "joined", "joining", 1000), (1, "joined", "finishing", 200),
                // What is a file already, never will be one, or was charged as a promise only.
                (1, "joined", "complete", 30_000), (1, "joined", "dead", 40_000), (1, "whole", "finishing", 50_000),
                (1, "whole", "open", 60_000), (1, "part", "complete", 70_000),
                // Another's, and one's without a quota.
                (2, "joined", "joining", 7), (3, "joined", "joining", 80_000), (4, "part", "complete", 90_000),
            ]
            for row in rows {
                try await pool.execute(
                    """
                    INSERT INTO uploads (id, owner_id, area, kind, state, length, content_type, expires_at)
                    VALUES (\(UploadID()), \(row.owner), 'a', \(row.kind), \(row.state), \(row.length), '', now() + interval '1 day')
                    """)
            }
            for (owner, bytes, files) in [(1, 5, 1), (2, 0, 0), (4, 3, 2)] {
                try await pool.execute(
                    "INSERT INTO file_usage (owner_id, bytes, files, version, byte_limit) VALUES (\(owner), \(bytes), \(files), 8, 2000)")
            }
            #expect(try await migrator.migrate().map(\.number).first == 12)
            let use = try await pool.query("SELECT owner_id, bytes, files, version, byte_limit FROM file_usage ORDER BY owner_id")
            let numbers = try use.map { row in try (0..<5).map { try row.decode(at: $0, as: Int64.self) } }
            #expect(numbers == [[1, 1205, 3, 9, 2000], [2, 7, 1, 9, 2000], [4, 3, 2, 8, 2000]])
            // What is counted anew is the same.
            let administration = QuotaAdministration(pool: pool, limits: .none)
            #expect(try await administration.recount(UserID(rawValue: 2))?.now.bytes == 7)
        }
    }
}
