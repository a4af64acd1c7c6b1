import Accounts
import Files
import Foundation
import Logging
import Platform
import Postgres
import TestSupport

/// A database of its own for a test; dropped afterwards.
struct TestDatabase: Sendable {
    /// Its address, for the programs.
    let url: String
    let configuration: PostgresConfiguration

    static func with(_ body: (TestDatabase) async throws -> Void) async throws {
        let name = "worker_test_" + UUIDv7().description.replacing("-", with: "")
        var parts = URLComponents(string: try TestServer.postgres.url)
        let administrator = try PostgresConfiguration(url: ServiceURL(TestServer.postgres.url))
        parts?.path = "/" + name
        let url = parts?.string ?? ""
        _ = try await withPool(administrator) { try await $0.execute(SQL(unsafeRaw: "CREATE DATABASE \(name)")) }
        let result: Result<Void, any Error>
        do {
            result = .success(
                try await body(TestDatabase(url: url, configuration: PostgresConfiguration(url: ServiceURL(url)))))
        } catch {
            result = .failure(error)
        }
        _ = try await withPool(administrator) { try await $0.execute(SQL(unsafeRaw: "DROP DATABASE \(name) WITH (FORCE)")) }
        try result.get()
    }

    /// With the schema, and a pool.
    static func migrated(_ body: (PostgresPool) async throws -> Void) async throws {
        try await with { database in
            try await withPool(database.configuration) { pool in
                _ = try await Migrator(pool: pool, migrations: AccountsSchema.migrations + FilesSchema.migrations).migrate()
                try await body(pool)
            }
        }
    }

    static func withPool<T>(_ configuration: PostgresConfiguration, _ body: (PostgresPool) async throws -> T) async throws -> T {
        var configuration = configuration
        configuration.poolSize = 4
        let pool = try PostgresPool(configuration: configuration, logger: .silent)
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

extension Logger {
    static var silent: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }
}
