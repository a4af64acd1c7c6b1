import Accounts
import Files
import Logging
import Platform
import Postgres
import TestSupport
import Testing

/// A database of their own, with the schema, for all tests of a suite; dropped afterwards. Each test has users of its own.
struct WebDatabase: SuiteTrait, TestScoping {
    struct Missing: Error {}

    @TaskLocal static var configuration: PostgresConfiguration?

    var isRecursive: Bool { false }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        var configuration = try PostgresConfiguration(url: ServiceURL(TestServer.postgres.url))
        configuration.poolSize = 4
        let name = "web_test_" + UUIDv7().description.replacing("-", with: "")
        try await Self.withPool(configuration) { _ = try await $0.execute(SQL(unsafeRaw: "CREATE DATABASE \(name)")) }
        var own = configuration
        own.database = name
        try await Self.migrate(own)
        try await Self.$configuration.withValue(own) { try await function() }
        try await Self.withPool(configuration) { _ = try await $0.execute(SQL(unsafeRaw: "DROP DATABASE \(name) WITH (FORCE)")) }
    }

    static func migrate(_ configuration: PostgresConfiguration) async throws {
        try await withPool(configuration) { pool in
            _ = try await Migrator(pool: pool, migrations: AccountsSchema.migrations + FilesSchema.migrations).migrate()
        }
    }

    private static func withPool(_ configuration: PostgresConfiguration, _ body: (PostgresPool) async throws -> Void) async throws {
        let pool = try PostgresPool(configuration: configuration, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(pool))
        } catch {
            result = .failure(error)
        }
        await pool.close()
        try result.get()
    }
}

extension Trait where Self == WebDatabase {
    static var webDatabase: Self { Self() }
}

/// The parent of all suites that talk to a server over a socket.
@Suite("Web over sockets", .requires(.postgres), .webDatabase)
enum OverSockets {}
