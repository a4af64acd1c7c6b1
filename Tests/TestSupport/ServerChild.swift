import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A server process of one test's own, on the loopback interface, with a temporary folder of its own.
///
/// Started by root it runs as `www-data`, since FTP servers refuse to be root. It is killed by its process id when the
/// object goes away, and by the kernel when the tests end in any other way.
public final class ServerChild: Sendable {
    /// Removed with the server.
    public let folder: String
    private let process: Mutex<Process?>
    private let output = Pipe()

    public struct StartFailed: Error, CustomStringConvertible {
        public let description: String
    }

    /// - Parameter prepare: makes the files the server needs in the folder and returns its command line.
    public init(name: String, prepare: (_ folder: String) throws -> [String]) throws {
        let isRoot = getuid() == 0
        // A disk that others keep busy blurs measurements: SLUICE_TEST_TMP=/dev/shm.
        folder = (TestServer.environment("SLUICE_TEST_TMP") ?? "/tmp") + "/sluice-\(name)-\(UUID().uuidString.prefix(8))"
        let manager = FileManager.default
        try manager.createDirectory(atPath: folder, withIntermediateDirectories: false)
        process = Mutex(nil)
        let command = try prepare(folder)
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
        var arguments = ["--pdeathsig", "KILL"]
        if isRoot {
            try Self.run(["/usr/bin/chown", "-R", "www-data:www-data", folder])
            arguments += ["--reuid", "www-data", "--regid", "www-data", "--clear-groups"]
        }
        child.arguments = arguments + command
        child.standardOutput = output
        child.standardError = FileHandle.nullDevice
        child.standardInput = FileHandle.nullDevice
        // The kernel takes the end of the thread that started the child for the end of the parent (prctl(2)), and an idle
        // thread of Dispatch ends. Those of this pool last as long as the tests.
        try NIOThreadPool.singleton.runIfActive(eventLoop: MultiThreadedEventLoopGroup.singleton.any()) { try child.run() }.wait()
        process.withLock { [child] in $0 = child }
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The number that the server prints after `PORT`.
    public func announcedPort() throws -> Int {
        var text = ""
        while !text.contains("\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw StartFailed(description: "the server ended before it listened") }
            text += String(decoding: data, as: UTF8.self)
        }
        guard text.hasPrefix("PORT "), let port = Int(text.dropFirst(5).prefix { $0.isNumber }) else {
            throw StartFailed(description: "the server printed no port")
        }
        return port
    }

    /// Waits until somebody listens on the port.
    public func awaitListener(on port: Int) throws {
        for _ in 0..<500 * Patience.factor {
            let isRunning = process.withLock { $0?.isRunning == true }
            guard isRunning else { throw StartFailed(description: "the server ended before it listened") }
            if Self.isListening(port) { return }
            usleep(10_000)
        }
        throw StartFailed(description: "nobody listens on port \(port)")
    }

    public func stop() {
        let child = process.withLock { $0.take() }
        guard let child, child.isRunning else { return }
        kill(child.processIdentifier, SIGKILL)
        child.waitUntilExit()
    }

    /// A port that was free a moment ago.
    public static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) + getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else { throw StartFailed(description: "no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func isListening(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(port: port)
        return withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        } == 0
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// Makes `folder/cert.pem` (self-signed, for localhost and 127.0.0.1) and `folder/both.pem` (with the key).
    public static func makeCertificate(in folder: String) throws {
        try run([
            "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", "\(folder)/key.pem", "-out",
            "\(folder)/cert.pem",
        ])
        let both = try ["key", "cert"].map { try String(contentsOfFile: "\(folder)/\($0).pem", encoding: .utf8) }.joined()
        try both.write(toFile: "\(folder)/both.pem", atomically: true, encoding: .utf8)
    }

    private static func run(_ command: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw StartFailed(description: "\(command[0]) failed") }
    }

    /// The folder with the Python servers.
    static var scripts: String { URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Servers" }
}
