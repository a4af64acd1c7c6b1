import Foundation
import NIOPosix
import Synchronization

/// A redis-server of a test's own, on a free loopback port with a folder of its own, so that the test may kill, suspend and
/// restart it. Ends with the instance.
public final class RedisServerProcess: Sendable {
    /// The PEM file to trust, when the server speaks TLS.
    public let certificateAuthority: String?
    /// Kept while the server is killed.
    private let reservedPort: ReservedPort
    private let folder: String
    private let arguments: [String]
    /// What the server prints when it can be used.
    private let readiness: String
    private let process = Mutex<ChildProcess?>(nil)

    public var port: Int { reservedPort.number }

    /// - Parameters:
    ///   - tls: whether the server speaks TLS, and nothing else, with a fresh certificate for 127.0.0.1 and localhost.
    ///   - arguments: more of redis-server's options, for instance `["--requirepass", "x"]`.
    public static func start(tls: Bool = false, arguments: [String] = []) async throws -> RedisServerProcess {
        try await startFirst { try RedisServerProcess(tls: tls, arguments: arguments) }
    }

    /// A node of a cluster, without slots and without knowledge of others.
    ///
    /// - Parameter timeout: after which silence nodes count as failed.
    public static func startClusterNode(timeout: Duration) async throws -> RedisServerProcess {
        try await startFirst {
            let milliseconds = timeout.components.seconds * 1000 + timeout.components.attoseconds / 1_000_000_000_000_000
            return try RedisServerProcess(
                tls: false,
                arguments: [
                    "--cluster-enabled", "yes", "--cluster-port", "\(LoopbackPort.free())", "--cluster-node-timeout", "\(milliseconds)",
                    "--repl-diskless-sync-delay", "0",
                ])
        }
    }

    /// A sentinel.
    ///
    /// - Parameter lines: of its configuration, besides addresses.
    public static func startSentinel(_ lines: [String]) async throws -> RedisServerProcess {
        try await startFirst { try RedisServerProcess(sentinel: lines) }
    }

    private static func startFirst(_ make: @escaping @Sendable () throws -> RedisServerProcess) async throws -> RedisServerProcess {
        try await NIOThreadPool.singleton.runIfActive {
            // Between our look and the server's bind somebody else may take the port.
            for _ in 0..<5 {
                let server = try make()
                if server.launch() { return server }
            }
            throw RedisServerFailure(description: "redis-server does not start")
        }
    }

    private init(sentinel lines: [String]) throws {
        folder = try Self.makeFolder()
        reservedPort = try ReservedPort()
        let port = reservedPort.number
        certificateAuthority = nil
        let file = folder + "/sentinel.conf"
        let text = ["port \(port)", "bind 127.0.0.1", "dir \(folder)"] + lines
        try (text.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        arguments = [file, "--sentinel"]
        readiness = "Sentinel ID is"
    }

    private static func makeFolder() throws -> String {
        var template = Array("/tmp/sluice-redis-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw RedisServerFailure(description: "mkdtemp: errno \(errno)") }
        return template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    private init(tls: Bool, arguments: [String]) throws {
        folder = try Self.makeFolder()
        reservedPort = try ReservedPort()
        let port = reservedPort.number
        readiness = "Ready to accept connections"
        let common = ["--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no", "--daemonize", "no"]
        if tls {
            let files = try TestCertificate(in: folder)
            certificateAuthority = files.certificate
            self.arguments =
                common + ["--port", "0", "--tls-port", "\(port)", "--tls-key-file", files.key, "--tls-cert-file", files.certificate]
                + ["--tls-ca-cert-file", files.certificate, "--tls-auth-clients", "no"] + arguments
        } else {
            certificateAuthority = nil
            self.arguments = common + ["--port", "\(port)"] + arguments
        }
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Kills the server (SIGKILL) and waits until it is gone.
    public func kill() {
        process.withLock { process in
            process?.kill()
            process = nil
        }
    }

    /// Starts the server again after `kill()`, on the same port, empty.
    public func restart() async throws {
        let isRunning = try await NIOThreadPool.singleton.runIfActive { [self] in launch() }
        guard isRunning else { throw RedisServerFailure(description: "redis-server does not start again") }
    }

    /// Stops the server's threads; the kernel still accepts connections for it.
    public func suspend() {
        process.withLock { $0?.signal(SIGSTOP) }
    }

    /// Ends `suspend()`.
    public func resume() {
        process.withLock { $0?.signal(SIGCONT) }
    }

    /// - Returns: whether the server said that it is ready.
    private func launch() -> Bool {
        // A file, since nobody would go on emptying a pipe. The kernel ends the server with the thread that started it
        // (prctl(2)); those of the pool last as long as the tests.
        let (log, command) = (folder + "/log", ["setpriv", "--pdeathsig", "KILL", "redis-server"] + arguments)
        guard let child = try? ChildProcess(command, output: .file(log), errors: nil) else { return false }
        process.withLock { $0 = child }
        for _ in 0..<2000 * Patience.factor {
            if let text = try? String(contentsOfFile: log, encoding: .utf8), text.contains(readiness) { return true }
            guard child.isRunning else { break }
            usleep(5000)
        }
        kill()
        return false
    }
}

/// Why a server of a test did not come up.
public struct RedisServerFailure: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) {
        self.description = description
    }
}
