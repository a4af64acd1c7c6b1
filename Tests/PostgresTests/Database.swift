import Logging
import Platform
import Postgres
import TestSupport

/// The database that `SLUICE_TEST_POSTGRES` names.
enum Database {
    static func configuration() throws -> PostgresConfiguration {
        var configuration = try PostgresConfiguration(url: try ServiceURL(try TestServer.postgres.url))
        configuration.acquireTimeout = configuration.acquireTimeout.stretched
        configuration.connectTimeout = configuration.connectTimeout.stretched
        return configuration
    }

    /// Lends a pool and a table name nobody else has; both are gone afterwards.
    ///
    /// What the test does with the limits it asks for is its own affair; the table is removed under the usual ones.
    static func withPool<T>(
        _ adjust: (inout PostgresConfiguration) -> Void = { _ in }, _ body: (PostgresPool, String) async throws -> T
    ) async throws -> T {
        try await withPool(configuration()) { keeper in
            var configuration = try configuration()
            adjust(&configuration)
            let table = "test_\(UInt64.random(in: 0 ..< .max))"
            return try await cleaned {
                try await withPool(configuration) { pool in try await body(pool, table) }
            } by: {
                try await keeper.execute("DROP TABLE IF EXISTS \(unsafeRaw: table)")
            }
        }
    }

    /// Lends a pool and closes it.
    static func withPool<T>(_ configuration: PostgresConfiguration, _ body: (PostgresPool) async throws -> T) async throws -> T {
        let pool = try PostgresPool(configuration: configuration, logger: Logger(label: "test"))
        return try await cleaned {
            try await body(pool)
        } by: {
            await pool.close()
        }
    }

    /// Cleans up behind `body` also when it throws; then its error is the one that counts.
    private static func cleaned<T>(_ body: () async throws -> T, by clean: () async throws -> Void) async throws -> T {
        let value: T
        do {
            value = try await body()
        } catch {
            _ = try? await clean()
            throw error
        }
        try await clean()
        return value
    }
}

/// The error that `body` throws, if it is ours.
func postgresError(_ body: () async throws -> some Any) async -> PostgresError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? PostgresError
    }
}
