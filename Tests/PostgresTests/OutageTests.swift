import Logging
import Platform
import Postgres
import TestSupport
import Testing

@Suite(.enabled(if: PostgresServerProcess.isInstalled || TestServer.isContinuousIntegration, "Postgres is not installed"))
struct OutageTests {
    private func pool(_ server: PostgresServerProcess) throws -> PostgresPool {
        try PostgresPool(configuration: try PostgresConfiguration(url: try ServiceURL(server.url)), logger: Logger(label: "test"))
    }

    @Test func aKilledServerMeansUnavailableAtOnceAndRecovery() async throws {
        let server = try PostgresServerProcess()
        defer { server.remove() }
        try server.start()
        let pool = try pool(server)
        try await pool.execute("CREATE TABLE kept (n bigint)")
        try await pool.execute("INSERT INTO kept VALUES (1)")

        // In the middle of a statement.
        let error = try await withThrowingTaskGroup(of: PostgresError?.self) { group in
            group.addTask { await postgresError { try await pool.query("SELECT pg_sleep(60)") } }
            while try await pool.query("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'")[0].decode(
                at: 0, as: Int.self) == 0
            {
                await Task.yield()
            }
            server.kill()
            return try await group.next() ?? nil
        }
        #expect(error?.code == .unavailable)

        // A process of the server that has just answered may answer once more before it sees that its parent is dead.
        while await postgresError({ try await pool.query("SELECT 1") }) == nil { await Task.yield() }
        // While it is down: the first call finds out, the next ones need not even try.
        let began = ContinuousClock.now
        for _ in 0..<100 {
            let error = await postgresError { try await pool.query("SELECT 1") }
            #expect(error?.code == .unavailable)
        }
        #expect(began.duration(to: .now) < .seconds(2).stretched)
        #expect(pool.isFailing)
        #expect(pool.statistics.connections == 0)

        try server.start()
        var rows: [PostgresRow]?
        let limit = ContinuousClock.now + .seconds(20).stretched
        while rows == nil, ContinuousClock.now < limit {
            rows = try? await pool.query("SELECT n FROM kept")
            await Task.yield()
        }
        #expect(try rows?.first?.decode("n", as: Int.self) == 1)
        #expect(!pool.isFailing)
        await pool.close()
    }

    @Test func aRestartBetweenTwoCallsGoesUnnoticed() async throws {
        let server = try PostgresServerProcess()
        defer { server.remove() }
        try server.start()
        let pool = try pool(server)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { _ = try await pool.query("SELECT pg_sleep(0.05)") } }
            try await group.waitForAll()
        }
        #expect(pool.statistics.connections > 1)
        server.stop()
        try server.start()
        for _ in 0..<20 { #expect(try await pool.query("SELECT 1").count == 1) }
        await pool.close()
    }

    @Test func nobodyAtThePortIsUnavailable() async throws {
        let pool = try PostgresPool(
            configuration: PostgresConfiguration(host: "127.0.0.1", port: 1, user: "u", password: Secret("hunter2"), database: "d"),
            logger: Logger(label: "test"))
        let error = await postgresError { try await pool.query("SELECT 1") }
        #expect(error?.code == .unavailable)
        #expect(error?.description.contains("hunter2") == false)
        #expect(error?.isOutcomeUnknown == false)
        await pool.close()
    }
}

@Suite(.requires(.postgres)) struct ConnectTests {
    @Test func aWrongPasswordIsUnavailableAndNotPrinted() async throws {
        var configuration = try Database.configuration()
        configuration.password = Secret("hunter2")
        let pool = try PostgresPool(configuration: configuration, logger: Logger(label: "test"))
        let error = await postgresError { try await pool.query("SELECT 1") }
        #expect(error?.code == .unavailable)
        #expect(error.map { String(reflecting: $0).contains("hunter2") } == false)
        await pool.close()
    }

    @Test func aServerThatRefusesEncryptionIsRefusedWhereItIsRequired() async throws {
        var configuration = try Database.configuration()
        configuration.tls.mode = .verifyFull
        configuration.tls.rootCertificate = "/nonexistent/ca.pem"
        let pool = try PostgresPool(configuration: configuration, logger: Logger(label: "test"))
        #expect(await postgresError { try await pool.query("SELECT 1") }?.code == .unavailable)
        await pool.close()
    }
}
