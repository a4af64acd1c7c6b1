import Foundation
import NIOPosix
import Synchronization

/// A redis-server of a test's own, on a free loopback port with a folder of its own, so that the test may kill, suspend and
/// restart it. Ends with the instance.
public final class RedisServerProcess: Sendable {
    /// The PEM file to trust, when the server speaks TLS.
    public let certificateAuthority: String?
    public let port: Int
    private let folder: String
    private let arguments: [String]
    /// What the server prints when it can be used.
    private let readiness: String
    private let process: Mutex<(pid: pid_t, output: Int32)?>

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
                    "--cluster-enabled", "yes", "--cluster-port", "\(freePort())", "--cluster-node-timeout", "\(milliseconds)",
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
        port = try Self.freePort()
        certificateAuthority = nil
        let file = folder + "/sentinel.conf"
        let text = ["port \(port)", "bind 127.0.0.1", "dir \(folder)"] + lines
        try (text.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        arguments = [file, "--sentinel"]
        readiness = "Sentinel ID is"
        process = Mutex(nil)
    }

    private static func makeFolder() throws -> String {
        var template = Array("/tmp/sluice-redis-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw RedisServerFailure(description: "mkdtemp: errno \(errno)") }
        return template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    private init(tls: Bool, arguments: [String]) throws {
        folder = try Self.makeFolder()
        port = try Self.freePort()
        readiness = "Ready to accept connections"
        let common = ["--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no", "--daemonize", "no"]
        if tls {
            let (key, certificate) = (folder + "/key.pem", folder + "/certificate.pem")
            try Self.makeCertificate(key: key, certificate: certificate)
            certificateAuthority = certificate
            self.arguments =
                common + ["--port", "0", "--tls-port", "\(port)", "--tls-key-file", key, "--tls-cert-file", certificate]
                + ["--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"] + arguments
        } else {
            certificateAuthority = nil
            self.arguments = common + ["--port", "\(port)"] + arguments
        }
        process = Mutex(nil)
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Kills the server (SIGKILL) and waits until it is gone.
    public func kill() {
        process.withLock { process in
            guard let (pid, output) = process else { return }
            Foundation.kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            close(output)
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
        process.withLock { if let process = $0 { _ = Foundation.kill(process.pid, SIGSTOP) } }
    }

    /// Ends `suspend()`.
    public func resume() {
        process.withLock { if let process = $0 { _ = Foundation.kill(process.pid, SIGCONT) } }
    }

    /// - Returns: whether the server said that it is ready.
    private func launch() -> Bool {
        var pipes: [Int32] = [-1, -1]
        guard pipe(&pipes) == 0 else { return false }
        for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let spawned = Self.spawn("redis-server", arguments, output: pipes[1])
        close(pipes[1])
        guard let pid = spawned else {
            close(pipes[0])
            return false
        }
        process.withLock { $0 = (pid, pipes[0]) }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(pipes[0], &chunk, chunk.count)
            guard count > 0 else { break }
            text += chunk[..<count]
            if String(decoding: text, as: UTF8.self).contains(readiness) { return true }
        }
        kill()
        return false
    }

    private static func spawn(_ program: String, _ arguments: [String], output: Int32) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        var pid = pid_t()
        return posix_spawnp(&pid, program, &actions, nil, words, environ) == 0 ? pid : nil
    }

    private static func makeCertificate(key: String, certificate: String) throws {
        let arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", certificate,
        ]
        let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(null) }
        var status: Int32 = -1
        guard let pid = spawn("openssl", arguments, output: null), waitpid(pid, &status, 0) == pid, status == 0 else {
            throw RedisServerFailure(description: "openssl makes no certificate")
        }
    }

    private static func freePort() throws -> Int {
        let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!
            return bind(socket, pointer, length) == 0 && getsockname(socket, pointer, &length) == 0
        }
        guard result else { throw RedisServerFailure(description: "no free port: errno \(errno)") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}

/// Why a server of a test did not come up.
public struct RedisServerFailure: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) {
        self.description = description
    }
}
