import Postgres
import TestSupport
import Testing

@Suite(.requires(.postgres)) struct StatementTests {
    @Test func aRepeatedStatementIsPreparedOnce() async throws {
        try await Database.withPool({ $0.poolSize = 1 }) { pool, _ in
            for number in 0..<5 { _ = try await pool.query("SELECT \(number) + 1000") }
            let prepared = try await pool.query("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%+ 1000'")
            #expect(try prepared[0].decode(at: 0, as: Int.self) == 1)
        }
    }

    @Test func preparedStatementsAreBounded() async throws {
        try await Database.withPool({
            $0.poolSize = 1
            $0.statementCacheSize = 3
        }) { pool, _ in
            for number in 0..<20 { _ = try await pool.query("SELECT \(unsafeRaw: String(number))") }
            let prepared = try await pool.query("SELECT count(*) FROM pg_prepared_statements")
            #expect(try prepared[0].decode(at: 0, as: Int.self) == 3)
        }
    }

    @Test func aStatementForAListIsPlannedForTheTableAsItIs() async throws {
        try await Database.withPool({
            $0.poolSize = 1
            $0.listStatementLifetime = .zero
        }) { pool, table in
            try await pool.execute("CREATE TABLE \(unsafeRaw: table) (id bigint PRIMARY KEY) WITH (autovacuum_enabled = false)")
            try await pool.execute("INSERT INTO \(unsafeRaw: table) VALUES (1), (2)")
            try await pool.execute("ANALYZE \(unsafeRaw: table)")
            let find: SQL = "SELECT id FROM \(unsafeRaw: table) WHERE id = ANY(\([2, 5]))"
            for _ in 0..<10 { _ = try await pool.query(find) }
            try await pool.execute("INSERT INTO \(unsafeRaw: table) SELECT n FROM generate_series(3, 20000) AS n")
            let counting: SQL = "SELECT pg_stat_get_xact_numscans(\(table)::regclass)"
            let (before, found, after) = try await pool.transaction { session in
                (try session.query(counting), try session.query(find).count, try session.query(counting))
            }
            #expect(found == 2)
            let scans = try after[0].decode(at: 0, as: Int.self) - before[0].decode(at: 0, as: Int.self)
            #expect(scans == 0, "the whole table was read")
            let prepared = try await pool.query("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT id FROM %'")
            #expect(try prepared[0].decode(at: 0, as: Int.self) == 1)
        }
    }

    @Test func aChangedTableIsNoticed() async throws {
        try await Database.withPool({ $0.poolSize = 1 }) { pool, table in
            try await pool.execute("CREATE TABLE \(unsafeRaw: table) (a bigint)")
            let all: SQL = "SELECT * FROM \(unsafeRaw: table)"
            _ = try await pool.query(all)
            try await pool.execute("ALTER TABLE \(unsafeRaw: table) ADD COLUMN b text")
            try await pool.execute("INSERT INTO \(unsafeRaw: table) VALUES (1, 'x')")
            #expect(try await pool.query(all)[0].columns == ["a", "b"])
            try await pool.execute("ALTER TABLE \(unsafeRaw: table) ADD COLUMN c text")
            #expect(try await pool.transaction { try $0.query(all)[0].columns } == ["a", "b", "c"])
            let prepared = try await pool.query("SELECT count(*) FROM pg_prepared_statements")
            #expect(try prepared[0].decode(at: 0, as: Int.self) <= 3)
        }
    }

    @Test func aStatementThrownAwayBySomebodyIsPreparedAgain() async throws {
        try await Database.withPool({ $0.poolSize = 1 }) { pool, _ in
            _ = try await pool.query("SELECT 5")
            try await pool.withSession { try $0.script(unsafeRaw: "DEALLOCATE ALL") }
            #expect(try await pool.query("SELECT 5")[0].decode(at: 0, as: Int.self) == 5)
        }
        try await Database.withPool({
            $0.poolSize = 1
            $0.listStatementLifetime = .zero
        }) { pool, _ in
            let list: SQL = "SELECT \([5])"
            _ = try await pool.query(list)
            try await pool.withSession { try $0.script(unsafeRaw: "DEALLOCATE ALL") }
            #expect(try await pool.query(list).count == 1, "what is thrown away for its age was gone before")
        }
    }

    @Test func aSyntaxErrorIsTheServersAndHarmless() async throws {
        try await Database.withPool({ $0.poolSize = 1 }) { pool, _ in
            let before = try await backend(pool)
            #expect(await postgresError { try await pool.query("SELEKT 1") }?.sqlState == "42601")
            #expect(await postgresError { try await pool.query("SELECT 1; SELECT 2") }?.sqlState == "42601")
            #expect(try await backend(pool) == before)
        }
    }

    @Test func anInjectionStaysAValue() async throws {
        try await Database.withPool { pool, table in
            try await pool.execute("CREATE TABLE \(unsafeRaw: table) (name text)")
            let name = "x'); DROP TABLE \(table); --"
            try await pool.execute("INSERT INTO \(unsafeRaw: table) VALUES (\(name))")
            let rows = try await pool.query("SELECT name FROM \(unsafeRaw: table) WHERE name = \(name)")
            #expect(try rows[0].decode("name", as: String.self) == name)
        }
    }
}
