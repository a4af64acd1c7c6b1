import Foundation
import Glibc

/// A Postgres server of a test's own, on a free port of the loopback interface with a folder of its own, so that the test
/// may kill, stop and restart it. Trusts everybody; durable enough for a killed process, not for a power cut.
///
/// Unchecked because the process changes; one test owns an instance and calls it from one task at a time.
public final class PostgresServerProcess: @unchecked Sendable {
    private static let programs = "/usr/lib/postgresql/15/bin"
    private let folder: String
    private var server: ChildProcess?
    private let reservedPort: ReservedPort
    public var port: Int { reservedPort.number }

    /// The address for `SLUICE_TEST_POSTGRES`-like use.
    public var url: String { "postgres://sluice@127.0.0.1:\(port)/postgres?sslmode=disable" }

    /// Whether this machine has the programs.
    public static var isInstalled: Bool { access("\(programs)/postgres", X_OK) == 0 }

    /// One that runs. Call `remove` last.
    ///
    /// Made on a thread of its own: to make and to start one takes seconds on a busy machine, and the tasks of all tests and of the
    /// servers under test share as many threads as there are cores. Of what is blocked meanwhile time runs out.
    public static func started() async throws -> PostgresServerProcess {
        let server = try await onThread { try PostgresServerProcess() }
        do {
            try await server.restart()
        } catch {
            server.remove()
            throw error
        }
        return server
    }

    /// `start`, on a thread of its own.
    public func restart() async throws {
        try await Self.onThread { try self.start() }
    }

    private static func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
        }
    }

    /// Makes an empty database cluster. Call `start` next and `remove` last.
    public init() throws {
        var template = Array("/tmp/sluice-postgres-XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else { throw PostgresServerFailure(step: "mkdtemp") }
        folder = String(cString: path)
        reservedPort = try ReservedPort()
        // The server refuses to run as root.
        if getuid() == 0, let user = getpwnam("postgres") { chown(folder, user.pointee.pw_uid, user.pointee.pw_gid) }
        try Self.run("initdb", ["-D", data, "-U", "sluice", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"])
    }

    /// Starts the server and waits until it takes connections.
    public func start() throws {
        for _ in 0..<100 {
            let process = try Self.process(
                "postgres",
                ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"])
            server = process
            while process.isRunning {
                if (try? Self.run("pg_isready", ["-q", "-h", "127.0.0.1", "-p", String(port), "-t", "1"])) != nil { return }
            }
            // After a kill the former server's children may hold its memory for a moment; then this one ends at once.
        }
        throw PostgresServerFailure(step: "start")
    }

    /// Ends the server with SIGKILL, as a crash would.
    public func kill() {
        end(SIGKILL)
    }

    /// Ends the server in order, connections included.
    public func stop() {
        end(SIGINT)
    }

    /// Ends the server and removes its folder.
    public func remove() {
        end(SIGKILL)
        try? FileManager.default.removeItem(atPath: folder)
    }

    private var data: String { folder + "/data" }

    private func end(_ signal: Int32) {
        guard let server else { return }
        server.signal(signal)
        server.wait()
        self.server = nil
    }

    private static func process(_ program: String, _ arguments: [String]) throws -> ChildProcess {
        let asUser = getuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : []
        // The user of the server may not be able to enter the folder of the tests.
        return try ChildProcess(["env", "--chdir", "/tmp"] + asUser + ["\(programs)/\(program)"] + arguments)
    }

    private static func run(_ program: String, _ arguments: [String]) throws {
        guard try process(program, arguments).wait() == 0 else { throw PostgresServerFailure(step: program) }
    }
}

/// The test's own server could not be run.
public struct PostgresServerFailure: Error, CustomStringConvertible {
    let step: String

    public var description: String { "a Postgres server for the test: \(step) failed" }
}
