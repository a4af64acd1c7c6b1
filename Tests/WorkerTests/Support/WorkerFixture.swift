import Curl
import DatabaseSupport
import Files
import Foundation
import Jobs
import Logging
import Platform
import Postgres
import TestSupport
import Testing
import Worker

/// What handlers work on: a database, a staging area and an FTP server, all of one test's own.
struct WorkerFixture: Sendable {
    let owner = UserID(rawValue: 7)
    let area: String
    let pool: PostgresPool
    let staging: StagingArea
    let files: FileTransitions
    let server: FTPServerProcess
    let ftp: FTPClient
    private let folder: String

    var catalog: FileCatalog { FileCatalog(pool: pool) }
    var transfer: TransferFileHandler { TransferFileHandler(files: files, staging: staging, ftp: ftp) }
    var delete: DeleteFileHandler { DeleteFileHandler(files: files, staging: staging, ftp: ftp) }

    static func with(
        _ kind: FTPServerProcess.Kind = .vsftpd(tls: false), _ body: @escaping @Sendable (WorkerFixture) async throws -> Void
    ) async throws {
        let server = try FTPServerProcess(kind)
        var configuration = FTPConfiguration(
            host: "127.0.0.1", port: server.port, user: server.user, password: Secret(server.password), requiresTLS: false)
        configuration.connectTimeout = .seconds(5)
        try await with(server, configuration, body)
    }

    private static func with(
        _ server: FTPServerProcess, _ configuration: FTPConfiguration, _ body: @escaping @Sendable (WorkerFixture) async throws -> Void
    ) async throws {
        let area = "t" + UUIDv7().description.suffix(12)
        let folder = "/tmp/sluice-worker-\(area)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let threads = BlockingPool(name: "staging", size: 4)
        let staging = StagingArea(configuration: StagingConfiguration(root: folder + "/staging", areaID: area), pool: threads)
        try staging.prepare()
        let engine = CurlEngine(logger: .silent)
        let ftp = try FTPClient(engine: engine, configuration: configuration, logger: .silent)
        try await TestDatabase.withMigratedPool { pool in
            let files = FileTransitions(pool: pool) { try await staging.remove($0) }
            let fixture = WorkerFixture(
                area: area, pool: pool, staging: staging, files: files, server: server, ftp: ftp, folder: folder)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await files.run() }
                defer { group.cancelAll() }
                try await body(fixture)
            }
        }
        await engine.close()
        await threads.shutDown()
    }

    /// A file as Web leaves it: bytes in staging, a row, no job.
    func stage(
        _ bytes: [UInt8] = bytes(1000), name: String = "report.pdf", age: Duration = .zero, area: String? = nil, place: StagedPlace? = nil
    ) async throws -> FileRecord {
        let id = FileID(milliseconds: FileID().milliseconds - Int64(age / .milliseconds(1)))
        let place = place ?? StagedPlace(container: id, offset: 0)
        if place.container == id { try Data(bytes).write(to: URL(fileURLWithPath: staging.path(of: id))) }
        let key = FileKey.make(owner: owner, id: id, name: try FileName(cleaning: name))
        try await pool.execute(
            """
            WITH added AS (
                INSERT INTO files (id, owner_id, name, size, content_type, sha256, key, area, container, byte_offset)
                VALUES (\(id), \(owner), \(name), \(bytes.count), 'application/pdf', decode(repeat('00', 32), 'hex'), \(key),
                    \(area ?? self.area), \(place.container), \(place.offset)) RETURNING id, container)
            INSERT INTO files_outstanding SELECT id, container FROM added
            """)
        return try #require(try await files.load(id))
    }

    /// Several files in one pack, as Web leaves small ones.
    func stagePack(_ contents: [[UInt8]]) async throws -> [FileRecord] {
        let pack = UUIDv7()
        try Data(contents.joined()).write(to: URL(fileURLWithPath: staging.path(of: pack)))
        var files: [FileRecord] = []
        var offset: Int64 = 0
        for content in contents {
            files.append(try await stage(content, place: StagedPlace(container: pack, offset: offset)))
            offset += Int64(content.count)
        }
        return files
    }

    func markDeleting(_ file: FileRecord) async throws {
        let deleted = try await catalog.markDeleting(owner: owner, ids: [file.id])
        #expect(deleted.count == 1)
    }

    func state(of file: FileRecord) async throws -> FileState? {
        try await files.load(file.id)?.state
    }

    /// The staged bytes that exist.
    var staged: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: staging.configuration.root + "/ready").sorted() }
    }

    /// Puts an object on the FTP server.
    func put(_ bytes: [UInt8], as key: String) async throws {
        let path = "\(folder)/\(UUIDv7())"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        try await ftp.publish(file: path, size: Int64(bytes.count), as: key, temporaryName: "temporary-\(UUIDv7())", isCurrent: { true })
    }
}

/// Bytes that no two calls share.
func bytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
}

extension FileRecord {
    var transferJob: TransferFile { TransferFile(file: id, key: key) }
    var deleteJob: DeleteFile { DeleteFile(file: id, key: key) }
}
