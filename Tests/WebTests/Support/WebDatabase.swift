import DatabaseSupport
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
        try await TestDatabase.migrated { database in
            try await Self.$configuration.withValue(database.configuration) { try await function() }
        }
    }
}

extension Trait where Self == WebDatabase {
    static var webDatabase: Self { Self() }
}

/// The parent of all suites that talk to a server over a socket.
@Suite("Web over sockets", .requires(.postgres), .webDatabase)
enum OverSockets {}
