import Curl
import Foundation
import Logging
import Platform
import Synchronization
import TestSupport

/// A server, an engine, a client and a folder of local files, for the length of one test.
final class FTPFixture: Sendable {
    let server: FTPServerProcess
    let client: FTPClient
    let engine: CurlEngine
    private let folder: String

    private init(server: FTPServerProcess, client: FTPClient, engine: CurlEngine, folder: String) {
        self.server = server
        self.client = client
        self.engine = engine
        self.folder = folder
    }

    static func with(
        _ kind: FTPServerProcess.Kind, configure: (inout FTPConfiguration, FTPServerProcess) -> Void = { _, _ in },
        _ body: (FTPFixture) async throws -> Void
    ) async throws {
        let server = try FTPServerProcess(kind)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-local-" + UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let tls =
            switch kind {
            case .vsftpd(let tls), .hostile(let tls): tls
            }
        var configuration = FTPConfiguration(
            host: "127.0.0.1", port: server.port, user: server.user, password: Secret(server.password), requiresTLS: tls,
            certificateAuthority: tls ? server.certificate : nil)
        configuration.connectTimeout = .seconds(5).stretched
        configure(&configuration, server)
        let logger = Logger(label: "test")
        let engine = CurlEngine(logger: logger)
        let fixture = FTPFixture(
            server: server, client: try FTPClient(engine: engine, configuration: configuration, logger: logger), engine: engine,
            folder: folder)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(fixture))
        } catch {
            result = .failure(error)
        }
        await engine.close()
        try result.get()
    }

    /// A local file with `size` random bytes.
    func file(size: Int) throws -> (path: String, bytes: [UInt8]) {
        let source = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/urandom"))
        let bytes = try source.read(upToCount: size) ?? Data()
        let path = folder + "/" + UUID().uuidString
        try bytes.write(to: URL(fileURLWithPath: path))
        return (path, [UInt8](bytes))
    }

    /// Publishes random bytes as `key`.
    func publish(size: Int, as key: String, isCurrent: @escaping @Sendable () -> Bool = { true }) async throws -> [UInt8] {
        let (path, bytes) = try file(size: size)
        try await client.publish(file: path, size: Int64(size), as: key, temporaryName: key + ".1.part", isCurrent: isCurrent)
        return bytes
    }

    /// All entries of a directory.
    func list(_ directory: String) async throws -> [FTPEntry] {
        let all = Mutex<[FTPEntry]>([])
        try await client.list(directory) { entries in
            all.withLock { $0 += entries }
            return true
        }
        return all.withLock { $0 }
    }

    /// The error of a publication that must not succeed.
    func failure(size: Int, as key: String, isCurrent: @escaping @Sendable () -> Bool = { true }) async throws -> FTPError? {
        do {
            _ = try await publish(size: size, as: key, isCurrent: isCurrent)
            return nil
        } catch let error as FTPError {
            return error
        }
    }

    /// Returns when the server has made a file.
    func uploadHasBegun() async throws {
        while server.files.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    }

    /// The error of a publication that is cancelled as soon as `meanwhile` has returned.
    func failureOfCancelled(
        size: Int, as key: String, meanwhile: @escaping @Sendable () async throws -> Void
    ) async throws -> FTPError? {
        try await withThrowingTaskGroup(of: FTPError?.self) { group in
            group.addTask { try await self.failure(size: size, as: key) }
            try await meanwhile()
            group.cancelAll()
            return try await group.next() ?? nil
        }
    }
}
