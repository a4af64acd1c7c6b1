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
    static func withPool<T>(
        _ adjust: (inout PostgresConfiguration) -> Void = { _ in }, _ body: (PostgresPool, String) async throws -> T
    ) async throws -> T {
        var configuration = try configuration()
        adjust(&configuration)
        let pool = try PostgresPool(configuration: configuration, logger: Logger(label: "test"))
        let table = "test_\(UInt64.random(in: 0 ..< .max))"
        do {
            let value = try await body(pool, table)
            try await pool.execute("DROP TABLE IF EXISTS \(unsafeRaw: table)")
            await pool.close()
            return value
        } catch {
            _ = try? await pool.execute("DROP TABLE IF EXISTS \(unsafeRaw: table)")
            await pool.close()
            throw error
        }
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
