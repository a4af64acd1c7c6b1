import Foundation
import NIOCore
import NIOPosix

/// A server process of one test's own, on the loopback interface, with a temporary folder of its own.
///
/// Started by root it runs as `www-data`, since FTP servers refuse to be root. It is killed by its process id when the
/// object goes away, and by the kernel when the tests end in any other way.
public final class ServerChild: Sendable {
    /// Removed with the server.
    public let folder: String
    private let process: ChildProcess

    public struct StartFailed: Error, CustomStringConvertible {
        public let description: String
    }

    /// - Parameter prepare: makes the files the server needs in the folder and returns its command line.
    public init(name: String, prepare: (_ folder: String) throws -> [String]) throws {
        // A disk that others keep busy blurs measurements: SLUICE_TEST_TMP=/dev/shm.
        folder = (TestServer.environment("SLUICE_TEST_TMP") ?? "/tmp") + "/sluice-\(name)-\(UUID().uuidString.prefix(8))"
        let manager = FileManager.default
        try manager.createDirectory(atPath: folder, withIntermediateDirectories: false)
        var command = try prepare(folder)
        var wrapper = ["setpriv", "--pdeathsig", "KILL"]
        if getuid() == 0 {
            guard try ChildProcess(["chown", "-R", "www-data:www-data", folder]).wait() == 0 else {
                throw StartFailed(description: "chown failed")
            }
            wrapper += ["--reuid", "www-data", "--regid", "www-data", "--clear-groups"]
        }
        command = wrapper + command
        // The kernel takes the end of the thread that started the child for the end of the parent (prctl(2)), and an idle
        // thread of Dispatch ends. Those of this pool last as long as the tests.
        process = try NIOThreadPool.singleton.runIfActive(eventLoop: MultiThreadedEventLoopGroup.singleton.any()) { [command] in
            try ChildProcess(command, output: .piped)
        }.wait()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The number that the server prints after `PORT`.
    public func announcedPort() throws -> Int {
        var text = ""
        while !text.contains("\n") {
            guard let data = process.output?.availableData, !data.isEmpty else {
                throw StartFailed(description: "the server ended before it listened")
            }
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
            guard process.isRunning else { throw StartFailed(description: "the server ended before it listened") }
            if LoopbackPort.isServed(port) { return }
            usleep(10_000)
        }
        throw StartFailed(description: "nobody listens on port \(port)")
    }

    public func stop() {
        process.kill()
    }

    /// The folder with the Python servers.
    static var scripts: String { URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Servers" }
}
