import Glibc
import Logging
import Platform
import Postgres
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@Suite(.requires(.postgres)) struct PoolTests {
    /// Occupies all connections until `body` returns.
    private func occupied(_ pool: PostgresPool, _ body: () async throws -> Void) async throws {
        let size = pool.configuration.poolSize
        let release = Rendezvous(parties: UInt32(size + 1))
        let (started, hasStarted) = AsyncStream<Void>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<size {
                group.addTask {
                    try await pool.withSession { _ in
                        hasStarted.yield()
                        release.meet()
                    }
                }
            }
            var iterator = started.makeAsyncIterator()
            for _ in 0..<size { await iterator.next() }
            do {
                try await body()
            } catch {
                release.meet()
                throw error
            }
            release.meet()
            try await group.waitForAll()
        }
    }

    @Test func neverMoreConnectionsThanAllowed() async throws {
        try await Database.withPool({ $0.poolSize = 3 }) { pool, _ in
            let backends = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<200 { group.addTask { try await backend(pool) } }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(backends.count <= 3)
            #expect(pool.statistics.connections <= 3)
        }
    }

    @Test func waitingForAConnectionHasADeadline() async throws {
        try await Database.withPool({
            $0.poolSize = 2
            $0.acquireTimeout = .seconds(1)
        }) { pool, _ in
            try await occupied(pool) {
                let error = await postgresError { try await pool.query("SELECT 1") }
                #expect(error?.code == .timeout)
                #expect(pool.statistics.waiting == 0)
            }
            #expect(try await pool.query("SELECT 1").count == 1)
        }
    }

    @Test func cancellingAWaiterWithdrawsIt() async throws {
        try await Database.withPool({
            $0.poolSize = 1
            $0.acquireTimeout = .seconds(60)
        }) { pool, _ in
            try await occupied(pool) {
                await withTaskGroup(of: PostgresError.Code?.self) { group in
                    group.addTask { await postgresError { try await pool.query("SELECT 1") }?.code }
                    while pool.statistics.waiting == 0 { await Task.yield() }
                    group.cancelAll()
                    #expect(await group.next() == .cancelled)
                }
                #expect(pool.statistics.waiting == 0)
            }
            #expect(try await pool.query("SELECT 1").count == 1)
        }
    }

    @Test func cancellingARunningStatementReturnsAtOnceAndTheServerStopsIt() async throws {
        try await Database.withPool { pool, marker in
            // The server names a statement as soon as it is prepared; only the wait event tells that it runs.
            let sleepers: SQL = """
                SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE \("SELECT pg_sleep(60), '\(marker)%")
                """
            let began = ContinuousClock.now
            let error = try await withThrowingTaskGroup(of: PostgresError?.self) { group in
                group.addTask { await postgresError { try await pool.query("SELECT pg_sleep(60), '\(unsafeRaw: marker)'") } }
                while try await pool.query(sleepers)[0].decode(at: 0, as: Int.self) == 0 { await Task.yield() }
                group.cancelAll()
                return try await group.next() ?? nil
            }
            #expect(error?.code == .cancelled)
            #expect(error?.isOutcomeUnknown == true)
            #expect(began.duration(to: .now) < .seconds(5).stretched)
            // The server looks once a second whether somebody still wants the answer.
            while try await pool.query(sleepers)[0].decode(at: 0, as: Int.self) > 0 {
                try #require(began.duration(to: .now) < .seconds(20).stretched)
                await Task.yield()
            }
        }
    }

    @Test func aCancelledTaskSendsNothing() async throws {
        try await Database.withPool { pool, table in
            try await pool.execute("CREATE TABLE \(unsafeRaw: table) (n bigint)")
            let before = try await backend(pool)
            let code = await withTaskGroup(of: PostgresError.Code?.self) { group in
                group.cancelAll()
                group.addTask { await postgresError { try await pool.execute("INSERT INTO \(unsafeRaw: table) VALUES (1)") }?.code }
                return await group.next() ?? nil
            }
            #expect(code == .cancelled)
            #expect(try await pool.query("SELECT * FROM \(unsafeRaw: table)").isEmpty)
            #expect(try await backend(pool) == before)
        }
    }

    @Test func cancellingBetweenStatementsRollsBack() async throws {
        try await Database.withPool { pool, table in
            try await pool.execute("CREATE TABLE \(unsafeRaw: table) (n bigint)")
            let inside = Rendezvous(parties: 2)
            let (started, hasStarted) = AsyncStream<Void>.makeStream()
            let code = await withTaskGroup(of: PostgresError.Code?.self) { group in
                group.addTask {
                    await postgresError {
                        try await pool.transaction { session in
                            try session.execute("INSERT INTO \(unsafeRaw: table) VALUES (1)")
                            hasStarted.finish()
                            inside.meet()
                            try session.execute("INSERT INTO \(unsafeRaw: table) VALUES (2)")
                        }
                    }?.code
                }
                for await _ in started {}
                group.cancelAll()
                inside.meet()
                return await group.next() ?? nil
            }
            #expect(code == .cancelled)
            #expect(try await pool.query("SELECT * FROM \(unsafeRaw: table)").isEmpty)
        }
    }

    @Test func anIdleConnectionTheServerEndedGoesUnnoticed() async throws {
        try await Database.withPool { pool, _ in
            let other = try PostgresPool(configuration: pool.configuration, logger: pool.testLogger)
            let victim = try await backend(pool)
            _ = try await other.query("SELECT pg_terminate_backend(\(victim)::int, 5000)")
            await other.close()
            #expect(try await backend(pool) != victim)
            #expect(pool.statistics.connections == 1)
        }
    }

    @Test func aStatementWhoseConnectionIsEndedFailsAndTheNextSucceeds() async throws {
        try await Database.withPool { pool, _ in
            let error = await postgresError { try await pool.query("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(5)") }
            #expect(error?.code == .unavailable)
            #expect(error?.isTransient == true)
            let rows = try await pool.query("SELECT 1")
            #expect(rows.count == 1)
            #expect(pool.statistics.connections == 1)
        }
    }

    @Test func copyIsRefusedAndThePoolRecovers() async throws {
        try await Database.withPool { pool, _ in
            #expect(await postgresError { try await pool.query("COPY (SELECT 1) TO STDOUT") }?.code == .misuse)
            let rows = try await pool.query("SELECT 1")
            #expect(rows.count == 1)
        }
    }

    @Test func noticesDisturbNothing() async throws {
        try await Database.withPool { pool, table in
            try await pool.execute("DROP TABLE IF EXISTS \(unsafeRaw: table)")
            try await pool.withSession { try $0.script(unsafeRaw: "DO $$ BEGIN RAISE WARNING 'hello'; END $$; SELECT 1") }
        }
    }

    @Test func settingsAreFixedAtConnect() async throws {
        try await Database.withPool({ $0.statementTimeout = .seconds(7) }) { pool, _ in
            for (name, value) in [
                ("TimeZone", "UTC"), ("client_encoding", "UTF8"), ("bytea_output", "hex"), ("statement_timeout", "7s"),
                ("lock_timeout", "5s"),
                ("idle_in_transaction_session_timeout", "15s"), ("application_name", "sluice"), ("tcp_user_timeout", nil),
            ] as [(String, String?)] {
                let actual = try await pool.query("SELECT current_setting(\(name))")[0].decode(at: 0, as: String.self)
                if let value { #expect(actual == value) }
            }
        }
    }

    @Test func aClosedPoolRefuses() async throws {
        let pool = try PostgresPool(configuration: try Database.configuration(), logger: Logger(label: "test"))
        _ = try await pool.query("SELECT 1")
        await pool.close()
        #expect(await postgresError { try await pool.query("SELECT 1") }?.code == .closed)
        #expect(pool.statistics.connections == 0)
    }

    @Test func closingLetsAStatementFinish() async throws {
        let pool = try PostgresPool(configuration: try Database.configuration(), logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Int.self) { group in
            let (started, hasStarted) = AsyncStream<Void>.makeStream()
            let release = Rendezvous(parties: 2)
            group.addTask {
                try await pool.transaction { session in
                    hasStarted.finish()
                    release.meet()
                    return try session.query("SELECT 7")[0].decode(at: 0)
                }
            }
            for await _ in started {}
            await pool.close()
            release.meet()
            let value = try await group.next()
            #expect(value == 7)
        }
        #expect(pool.statistics.connections == 0)
    }

    @Test func everyStatementRunsOnItsConnectionsOwnThread() async throws {
        try await Database.withPool({ $0.poolSize = 2 }) { pool, _ in
            let pairs = try await withThrowingTaskGroup(of: (Int, UInt).self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        try await pool.withSession { session in
                            (try session.query("SELECT pg_backend_pid()")[0].decode(at: 0, as: Int.self), UInt(pthread_self()))
                        }
                    }
                }
                return try await group.reduce(into: [Int: Set<UInt>]()) { $0[$1.0, default: []].insert($1.1) }
            }
            #expect(pairs.values.allSatisfy { $0.count == 1 })
            #expect(Set(pairs.values).count == pairs.count)
        }
    }

    @Test func theThreadIsChecked() async {
        await #expect(processExitsWith: .failure) {
            let connection = try PostgresConnection()
            connection.preconditionIsolated()
        }
    }
}

extension PostgresPool {
    var testLogger: Logger { Logger(label: "test") }
}
