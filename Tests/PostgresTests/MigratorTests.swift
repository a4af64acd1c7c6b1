import Postgres
import TestSupport
import Testing

@Suite(.requires(.postgres)) struct MigratorTests {
    /// Migrations on a table of their own, with a list of their own.
    private func withMigrations(_ body: (PostgresPool, String, [Migration]) async throws -> Void) async throws {
        try await Database.withPool { pool, table in
            let migrations = [
                Migration(number: 2, name: "fill", sql: "INSERT INTO \(table) VALUES (2); INSERT INTO \(table) VALUES (3);"),
                Migration(number: 1, name: "make", sql: "CREATE TABLE \(table) (n bigint);\n-- a comment; with a semicolon\n"),
            ]
            do {
                try await body(pool, table, migrations)
            } catch {
                try await pool.execute("DROP TABLE IF EXISTS \(unsafeRaw: table)_list")
                throw error
            }
            try await pool.execute("DROP TABLE IF EXISTS \(unsafeRaw: table)_list")
        }
    }

    private func count(_ pool: PostgresPool, _ table: String) async throws -> Int {
        try await pool.query("SELECT count(*) FROM \(unsafeRaw: table)")[0].decode(at: 0)
    }

    @Test func migrationsRunInOrderAndOnce() async throws {
        try await withMigrations { pool, table, migrations in
            let migrator = Migrator(pool: pool, migrations: migrations, table: "\(table)_list")
            let pending = try await migrator.pending()
            #expect(pending.map(\.number) == [1, 2])
            #expect(try await migrator.migrate().map(\.number) == [1, 2])
            #expect(try await migrator.migrate().isEmpty)
            #expect(try await migrator.pending().isEmpty)
            #expect(try await count(pool, table) == 2)
        }
    }

    @Test func concurrentMigratorsApplyEachOnce() async throws {
        try await withMigrations { pool, table, migrations in
            let applied = try await withThrowingTaskGroup(of: [Migration].self) { group in
                for _ in 0..<6 {
                    group.addTask { try await Migrator(pool: pool, migrations: migrations, table: "\(table)_list").migrate() }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.map(\.number).sorted() == [1, 2])
            #expect(try await count(pool, table) == 2)
        }
    }

    @Test func aChangedMigrationIsAnErrorAndNothingIsApplied() async throws {
        try await withMigrations { pool, table, migrations in
            _ = try await Migrator(pool: pool, migrations: migrations, table: "\(table)_list").migrate()
            let changed = [
                Migration(number: 1, name: "make", sql: migrations[1].sql + " "), migrations[0],
                Migration(number: 3, name: "more", sql: "INSERT INTO \(table) VALUES (4)"),
            ]
            let migrator = Migrator(pool: pool, migrations: changed, table: "\(table)_list")
            #expect(await postgresError { try await migrator.migrate() }?.code == .misuse)
            #expect(await postgresError { try await migrator.pending() }?.code == .misuse)
            #expect(try await count(pool, table) == 2)
        }
    }

    @Test func aFailingMigrationLeavesNothingBehindAndStopsTheRest() async throws {
        try await withMigrations { pool, table, migrations in
            let faulty = [
                migrations[1], Migration(number: 2, name: "bad", sql: "INSERT INTO \(table) VALUES (1); SELECT 1/0"),
                Migration(number: 3, name: "next", sql: "INSERT INTO \(table) VALUES (9)"),
            ]
            let error = await postgresError { try await Migrator(pool: pool, migrations: faulty, table: "\(table)_list").migrate() }
            #expect(error?.sqlState == "22012")
            let rows = try await count(pool, table)
            #expect(rows == 0)
            #expect(try await Migrator(pool: pool, migrations: migrations, table: "\(table)_list").migrate().map(\.number) == [2])
        }
    }

    @Test func aNumberTwiceIsRefused() async throws {
        try await withMigrations { pool, table, migrations in
            let migrator = Migrator(pool: pool, migrations: migrations + [migrations[0]], table: "\(table)_list")
            #expect(await postgresError { try await migrator.migrate() }?.code == .misuse)
        }
    }
}
