import Accounts
import Files
import Logging
import Platform
import Postgres
import TestSupport

/// A database of its own for a test, with the schema; dropped afterwards.
enum TestDatabase {
    static func with<T>(poolSize: Int = 4, _ body: (PostgresPool) async throws -> T) async throws -> T {
        try await withConfiguration { configuration in
            var configuration = configuration
            configuration.poolSize = poolSize
            return try await withPool(configuration, body)
        }
    }

    static func withConfiguration<T>(_ body: (PostgresConfiguration) async throws -> T) async throws -> T {
        var configuration = try PostgresConfiguration(url: ServiceURL(TestServer.postgres.url))
        let name = "files_test_" + UUIDv7().description.replacing("-", with: "")
        return try await withPool(configuration) { administrator in
            try await administrator.execute(SQL(unsafeRaw: "CREATE DATABASE \(name)"))
            configuration.database = name
            let result: Result<T, any Error>
            do {
                try await withPool(configuration) { pool in
                    _ = try await Migrator(pool: pool, migrations: AccountsSchema.migrations + FilesSchema.migrations).migrate()
                }
                result = .success(try await body(configuration))
            } catch {
                result = .failure(error)
            }
            try await administrator.execute(SQL(unsafeRaw: "DROP DATABASE \(name) WITH (FORCE)"))
            return try result.get()
        }
    }

    static func withPool<T>(_ configuration: PostgresConfiguration, _ body: (PostgresPool) async throws -> T) async throws -> T {
        let pool = try PostgresPool(configuration: configuration, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let result: Result<T, any Error>
        do {
            result = .success(try await body(pool))
        } catch {
            result = .failure(error)
        }
        await pool.close()
        return try result.get()
    }
}
