import Logging
import Platform
import Postgres
import TestSupport
import Testing

@Suite(.requires(.postgres)) struct TransactionTests {
    private struct Refusal: Error, Equatable {}

    private func count(_ pool: PostgresPool, _ table: String) async throws -> Int {
        try await pool.query("SELECT count(*) FROM \(unsafeRaw: table)")[0].decode(at: 0)
    }

    @Test func returningCommits() async throws {
        try await Database.withPool { pool, table in
            try await pool.execute("CREATE TABLE \(unsafeRaw: table) (n bigint)")
            let inserted = try await pool.transaction { session in
                try session.execute("INSERT INTO \(unsafeRaw: table) VALUES (\(1))")
                return try session.execute("INSERT INTO \(unsafeRaw: table) VALUES (\(2)), (\(3))")
            }
            #expect(inserted == 2)
            #expect(try await count(pool, table) == 3)
        }
    }

    @Test func throwingRollsBackAndKeepsTheConnection() async throws {
        try await Database.withPool({ $0.poolSize = 1 }) { pool, table in
            try await pool.execute("CREATE TABLE \(unsafeRaw: table) (n bigint)")
            let before = try await backend(pool)
            await #expect(throws: Refusal.self) {
                try await pool.transaction { session in
                    try session.execute("INSERT INTO \(unsafeRaw: table) VALUES (1)")
                    throw Refusal()
                }
            }
            #expect(try await count(pool, table) == 0)
            #expect(try await backend(pool) == before)
        }
    }

    @Test func aFailedStatementRollsBackAndItsErrorNamesNoValue() async throws {
        try await Database.withPool { pool, table in
            try await pool.execute("CREATE TABLE \(unsafeRaw: table) (name text CONSTRAINT \(unsafeRaw: table)_key PRIMARY KEY)")
            let error = await postgresError {
                try await pool.transaction { session in
                    try session.execute("INSERT INTO \(unsafeRaw: table) VALUES (\("hunter2"))")
                    try session.execute("INSERT INTO \(unsafeRaw: table) VALUES (\("hunter2"))")
                }
            }
            #expect(error?.code == .server)
            #expect(error?.sqlState == "23505")
            #expect(error?.constraint == "\(table)_key")
            #expect(error?.isTransient == false)
            #expect(error?.description.contains("hunter2") == false)
            #expect(try await count(pool, table) == 0)
            let value = await postgresError { try await pool.query("SELECT \("hunter2")::bigint") }
            #expect(value?.sqlState == "22P02")
            #expect(value?.description.contains("hunter2") == false)
            #expect(value?.debugDescription.contains("hunter2") == true)
        }
    }

    @Test func aSwallowedErrorDoesNotPassForACommit() async throws {
        try await Database.withPool { pool, table in
            try await pool.execute("CREATE TABLE \(unsafeRaw: table) (n bigint)")
            let error = await postgresError {
                try await pool.transaction { session in
                    try session.execute("INSERT INTO \(unsafeRaw: table) VALUES (1)")
                    _ = try? session.query("SELECT 1/0")
                }
            }
            #expect(error?.code == .misuse)
            #expect(try await count(pool, table) == 0)
        }
    }

    @Test func aConstraintCheckedAtCommitIsReported() async throws {
        try await Database.withPool { pool, table in
            try await pool.execute("CREATE TABLE \(unsafeRaw: table) (n bigint UNIQUE DEFERRABLE INITIALLY DEFERRED)")
            let error = await postgresError {
                try await pool.transaction { session in
                    try session.execute("INSERT INTO \(unsafeRaw: table) VALUES (1), (1)")
                }
            }
            #expect(error?.sqlState == "23505")
            #expect(error?.isOutcomeUnknown == false)
            #expect(try await count(pool, table) == 0)
        }
    }

    /// Each reads what the other writes, and neither goes on before both have read: the server must give one of them up.
    @Test func aSerializationFailureIsRetried() async throws {
        try await Database.withPool { pool, table in
            try await pool.execute("CREATE TABLE \(unsafeRaw: table) (n bigint)")
            let attempts = Counter()
            let rendezvous = Rendezvous(parties: 2)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for value in 1...2 {
                    group.addTask {
                        try await pool.transaction(isolation: .serializable) { session in
                            let attempt = attempts.increment()
                            let sum = try session.query("SELECT coalesce(sum(n), 0)::bigint AS s FROM \(unsafeRaw: table)")[0].decode(
                                "s", as: Int.self)
                            if attempt <= 2 { rendezvous.meet() }
                            try session.execute("INSERT INTO \(unsafeRaw: table) VALUES (\(sum + value))")
                        }
                    }
                }
                try await group.waitForAll()
            }
            // More than one retry when the loser begins again before the winner has committed.
            #expect(attempts.value >= 3)
            #expect(try await count(pool, table) == 2)
            // One of the two orders: 1 then 1+2, or 2 then 2+1.
            let sum = try await pool.query("SELECT sum(n)::bigint FROM \(unsafeRaw: table)")[0].decode(at: 0, as: Int.self)
            #expect(sum == 4 || sum == 5)
        }
    }

    /// As after a deadlock, twice.
    @Test func aStatementThatTheServerGivesUpIsRunAgain() async throws {
        try await Database.withPool({ $0.poolSize = 1 }) { pool, _ in
            try await pool.execute("CREATE TEMPORARY SEQUENCE tries")
            try await pool.execute(
                """
                CREATE FUNCTION pg_temp.third_try() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN
                    IF nextval('tries') < 3 THEN RAISE EXCEPTION USING ERRCODE = '40P01'; END IF;
                    RETURN currval('tries');
                END $$
                """)
            #expect(try await pool.query("SELECT pg_temp.third_try()")[0].decode(at: 0, as: Int.self) == 3)
        }
    }

    @Test func retryingEnds() async throws {
        try await Database.withPool({ $0.transactionAttempts = 3 }) { pool, _ in
            let attempts = Counter()
            let error = await postgresError {
                try await pool.transaction { session in
                    attempts.increment()
                    try session.script(unsafeRaw: "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$")
                }
            }
            #expect(error?.sqlState == "40P01")
            #expect(error?.isTransient == true)
            #expect(attempts.value == 3)
        }
    }

    @Test func otherErrorsAreNotRetried() async throws {
        try await Database.withPool { pool, _ in
            let attempts = Counter()
            let error = await postgresError {
                try await pool.transaction { session in
                    attempts.increment()
                    _ = try session.query("SELECT 1/0")
                }
            }
            #expect(error?.sqlState == "22012")
            #expect(attempts.value == 1)
        }
    }

    @Test func aTransactionLeftOpenBySessionIsRolledBack() async throws {
        try await Database.withPool({ $0.poolSize = 1 }) { pool, table in
            try await pool.execute("CREATE TABLE \(unsafeRaw: table) (n bigint)")
            try await pool.withSession { session in
                try session.script(unsafeRaw: "BEGIN; INSERT INTO \(table) VALUES (1)")
            }
            #expect(try await count(pool, table) == 0)
        }
    }

    @Test("H63 a statement that takes too long is ended by the server, and its connection goes on")
    func deadlineOfTheServer() async throws {
        try await Database.withPool({
            $0.poolSize = 1
            $0.statementTimeout = .seconds(1)
        }) { pool, _ in
            let before = try await backend(pool)
            let error = await postgresError { try await pool.query("SELECT pg_sleep(30)") }
            #expect(error?.code == .timeout)
            #expect(error?.sqlState == "57014")
            #expect(error?.isOutcomeUnknown == false)
            #expect(try await backend(pool) == before)
        }
    }

    /// Only the one statement that waits is in a hurry: on a busy disk even creating a table waits for locks.
    @Test func aLockIsNotWaitedForWithoutEnd() async throws {
        var hurried = try Database.configuration()
        hurried.lockTimeout = .milliseconds(50)
        try await Database.withPool { pool, table in
            try await pool.execute("CREATE TABLE \(unsafeRaw: table) (n bigint)")
            let (locked, hasLock) = AsyncStream<Void>.makeStream()
            let release = Rendezvous(parties: 2)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { hasLock.finish() }
                    try await pool.transaction { session in
                        try session.script(unsafeRaw: "LOCK TABLE \(table)")
                        hasLock.yield()
                        release.meet()
                    }
                }
                try #require(await locked.first { _ in true } != nil, "the lock was not had")
                let error = await postgresError {
                    try await Database.withPool(hurried) { try await $0.query("SELECT * FROM \(unsafeRaw: table)") }
                }
                release.meet()
                #expect(error?.code == .timeout)
                #expect(error?.sqlState == "55P03")
                try await group.waitForAll()
            }
        }
    }
}

/// The server process that serves the pool's connection.
func backend(_ pool: PostgresPool) async throws -> Int {
    try await pool.query("SELECT pg_backend_pid()")[0].decode(at: 0)
}
