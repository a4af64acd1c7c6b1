import Glibc
public import Testing

/// A server that integration tests talk to. `make test` starts all of them and passes their addresses in the environment.
///
/// A test says `@Test(.requires(.redis))` and reads `try TestServer.redis.url`. Without the server the test is skipped
/// on a developer's machine and fails under CI (environment variable `CI`), where nothing may go untested unseen.
public enum TestServer: String, Sendable, CaseIterable {
    case redis = "SLUICE_TEST_REDIS"
    case postgres = "SLUICE_TEST_POSTGRES"
    case ftp = "SLUICE_TEST_FTP"
    case ftpTLS = "SLUICE_TEST_FTP_TLS"
    /// The address of the control port of the FTP server that misbehaves on demand.
    case ftpHostileControl = "SLUICE_TEST_FTP_HOSTILE_CONTROL"
    case ftpHostile = "SLUICE_TEST_FTP_HOSTILE"
    case smtp = "SLUICE_TEST_SMTP"

    /// The address, for instance `redis://127.0.0.1:41234`.
    public var url: String {
        get throws(TestServerMissing) {
            guard let value = Self.environment(rawValue) else { throw TestServerMissing(variable: rawValue) }
            return value
        }
    }

    /// Whether the environment names this server.
    public var isPresent: Bool { Self.environment(rawValue) != nil }

    /// Whether the tests run where every server must be present.
    public static var isContinuousIntegration: Bool { environment("CI") != nil }

    /// A value of the environment; an empty one counts as absent.
    public static func environment(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }
}

/// The environment does not name a server that a test needs.
public struct TestServerMissing: Error, CustomStringConvertible {
    let variable: String

    public var description: String { "\(variable) is not set: start the servers with `make test`" }
}

extension Trait where Self == ConditionTrait {
    /// Skips the test when `server` is absent, except under CI, where the test runs and fails on reading the address.
    public static func requires(_ server: TestServer) -> Self {
        .enabled(if: server.isPresent || TestServer.isContinuousIntegration, "\(server.rawValue) is not set")
    }
}
