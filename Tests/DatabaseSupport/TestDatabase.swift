import Accounts
import Files
import Foundation
import Logging
import Platform
public import Postgres
import TestSupport

/// A database of a test's own; dropped afterwards.
public struct TestDatabase: Sendable {
    /// Its address, for programs.
    public let url: String
    public let configuration: PostgresConfiguration

    /// Each that is made is a few megabytes to sync.
    private static let makers = Slots(4)

    /// An empty one.
    public static func with<T>(_ body: (TestDatabase) async throws -> T) async throws -> T {
        let name = "test_" + UUIDv7().description.replacing("-", with: "")
        var administrator = try PostgresConfiguration(url: ServiceURL(TestServer.postgres.url))
        (administrator.statementTimeout, administrator.lockTimeout) = (Duration.seconds(60).stretched, Duration.seconds(60).stretched)
        var parts = URLComponents(string: try TestServer.postgres.url)
        parts?.path = "/" + name
        let url = parts?.string ?? ""
        var configuration = try PostgresConfiguration(url: ServiceURL(url))
        configuration.poolSize = 4
        configuration.acquireTimeout = configuration.acquireTimeout.stretched
        configuration.connectTimeout = configuration.connectTimeout.stretched
        configuration.statementTimeout = configuration.statementTimeout.stretched
        configuration.lockTimeout = configuration.lockTimeout.stretched
        configuration.idleInTransactionTimeout = configuration.idleInTransactionTimeout.stretched
        try await makers.use {
            _ = try await withPool(administrator) { try await $0.execute(SQL(unsafeRaw: "CREATE DATABASE \(name)")) }
        }
        let result: Result<T, any Error>
        do {
            result = .success(try await body(TestDatabase(url: url, configuration: configuration)))
        } catch {
            result = .failure(error)
        }
        try await withPool(administrator) { pool in
            do {
                try await pool.execute(SQL(unsafeRaw: "DROP DATABASE \(name) WITH (FORCE)"))
            } catch {
                // Ending an autovacuum worker is a superuser's right; without FORCE the server does it itself. And an answer that did
                // not come in time may have been that it is done.
                try await pool.execute(SQL(unsafeRaw: "DROP DATABASE IF EXISTS \(name)"))
            }
        }
        return try result.get()
    }

    /// One with the schema.
    public static func migrated<T>(_ body: (TestDatabase) async throws -> T) async throws -> T {
        try await with { database in
            try await migrate(database.configuration)
            return try await body(database)
        }
    }

    /// A pool on one with the schema.
    public static func withMigratedPool<T>(_ body: (PostgresPool) async throws -> T) async throws -> T {
        try await migrated { try await withPool($0.configuration, body) }
    }

    /// Brings a database to the whole schema.
    public static func migrate(_ configuration: PostgresConfiguration) async throws {
        try await withPool(configuration) { pool in
            _ = try await Migrator(pool: pool, migrations: AccountsSchema.migrations + FilesSchema.migrations).migrate()
        }
    }

    /// Lends a pool and closes it.
    public static func withPool<T>(_ configuration: PostgresConfiguration, _ body: (PostgresPool) async throws -> T) async throws -> T {
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
