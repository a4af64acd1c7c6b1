import Cryptography
import DatabaseSupport
import Files
import Glibc
import Logging
import NIOCore
import NIOPosix
import Platform
import Postgres
import Redis
import RedisSupport
import Synchronization
import TestSupport

/// Web processes that share a staging area, a database and a Redis, as far as resumable uploads are concerned.
struct UploadFixture: Sendable {
    /// What one process has.
    struct Process: Sendable {
        let staging: StagingArea
        let uploads: ResumableUploads
    }

    static let owner = UserID(rawValue: 7)

    let pool: PostgresPool
    let redis: RedisServerProcess
    let processes: [Process]

    var uploads: ResumableUploads { processes[0].uploads }
    var staging: StagingArea { processes[0].staging }
    var sweep: UploadSweep { UploadSweep(pool: pool, staging: staging) }

    /// Runs `body` beside as many processes.
    static func run(
        processes count: Int = 1, threads: Int = 4, configure: (inout ResumableConfiguration) -> Void = { _ in },
        _ body: (UploadFixture) async throws -> Void
    ) async throws {
        var configuration = ResumableConfiguration()
        configure(&configuration)
        let redis = try await RedisServerProcess.start()
        try await TestDatabase.withMigratedPool { pool in
            try await TestStaging.with(threads: threads) { first in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    defer { group.cancelAll() }
                    var processes: [Process] = []
                    for number in 0..<count {
                        // Another area object over the same directory is what another process has.
                        let staging = number == 0 ? first : StagingArea(configuration: first.configuration, pool: first.pool)
                        if number > 0 { try staging.prepare() }
                        let client = try RedisClient(
                            configuration: RedisConfiguration(url: ServiceURL("redis://127.0.0.1:\(redis.port)")),
                            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: .silent)
                        let intake = FileIntake(pool: pool, staging: staging) { _ in }
                        let uploads = ResumableUploads(
                            pool: pool, redis: client, staging: staging, intake: intake, configuration: configuration, logger: .silent)
                        group.addTask { try await client.run() }
                        group.addTask { try await intake.run() }
                        group.addTask { try await uploads.run() }
                        processes.append(Process(staging: staging, uploads: uploads))
                    }
                    try await body(UploadFixture(pool: pool, redis: redis, processes: processes))
                }
            }
        }
    }

    func create(_ kind: UploadKind = .whole, length: Int64?, expected: SHA256Digest? = nil) async throws -> UploadRecord {
        try await uploads.create(
            UploadDraft(
                owner: Self.owner, kind: kind, length: length, name: try FileName(cleaning: "Bericht.pdf"), contentType: "application/pdf",
                expected: expected))
    }

    /// Adds bytes in one request that comes to its end.
    @discardableResult
    func append(_ bytes: some Collection<UInt8>, to id: UploadID, at offset: Int64, process: Int = 0) async throws -> UploadRecord {
        let upload = try await processes[process].uploads.open(owner: Self.owner, id: id, at: offset) {}
        try await upload.write(ByteBuffer(bytes: bytes))
        let record = try await upload.settle()
        if record.state == .finishing { _ = try await upload.finish() }
        return try await find(id)
    }

    /// A complete part.
    func part(_ bytes: [UInt8]) async throws -> UploadID {
        let part = try await create(.part, length: Int64(bytes.count))
        if !bytes.isEmpty { try await append(bytes, to: part.id, at: 0) }
        return part.id
    }

    /// Where an upload goes on, asked for again while whoever writes to it has not left: to get all on a busy disk may take it longer
    /// than anybody waits.
    func headOnceFree(_ id: UploadID, process: Int = 0) async throws -> UploadRecord {
        let end = ContinuousClock.now + Duration.seconds(15).stretched
        while true {
            do throws(FilesError) {
                return try await processes[process].uploads.head(owner: Self.owner, id: id)
            } catch {
                guard error.code == .uploadBusy, ContinuousClock.now < end else { throw error }
            }
        }
    }

    /// Joins parts in such a way that it does not end: reading the last lasts until `release`.
    func stuck(owner: UserID = Self.owner) async throws -> Stuck {
        let parts = [try await part([1]), try await part([2])]
        let path = path(of: parts[1])
        guard unlink(path) == 0, mkfifo(path, 0o600) == 0 else { throw FilesError(.storage, "no pipe") }
        // What is longer than this is not waited for.
        try await pool.execute("UPDATE uploads SET length = 80000000, byte_offset = 80000000 WHERE id = \(parts[1])")
        try await pool.execute("UPDATE uploads SET owner_id = \(owner) WHERE id = ANY(\(parts))")
        let draft = UploadDraft(owner: owner, kind: .joined, length: nil)
        return Stuck(id: try await uploads.join(draft, parts: parts).id, path: path)
    }

    func find(_ id: UploadID) async throws -> UploadRecord { try await uploads.find(owner: Self.owner, id: id) }

    /// The staged bytes of the file that an upload has become.
    func content(of id: UploadID) async throws -> [UInt8]? {
        guard let file = try await find(id).file, let record = try await FileCatalog(pool: pool).find(owner: Self.owner, id: file) else {
            return nil
        }
        let content = staging.content(of: record)
        return content.map { SHA256Hasher.digest(of: $0) } == record.sha256 ? content : nil
    }

    func count(_ table: String) async throws -> Int {
        try await pool.query(SQL(unsafeRaw: "SELECT count(*) FROM \(table)"))[0].decode(at: 0)
    }

    /// The names below `partial/`.
    var partial: [String] { TestStaging.names(in: staging.configuration.root + "/partial") }

    func path(of id: UploadID) -> String { "\(staging.configuration.root)/partial/\(id)" }
}

/// Remembers that it was told something.
final class Bell: Sendable {
    private let count = Mutex(0)
    var rings: Int { count.withLock { $0 } }
    func ring() { count.withLock { $0 += 1 } }
}

/// An upload that is being joined without an end.
struct Stuck: Sendable {
    let id: UploadID
    fileprivate let path: String

    fileprivate init(id: UploadID, path: String) {
        (self.id, self.path) = (id, path)
    }

    /// Lets whoever reads the part come to its end, and nobody after.
    func release() {
        // A pipe that is opened for both waits for nobody.
        let descriptor = open(path, O_RDWR | O_NONBLOCK)
        unlink(path)
        close(descriptor)
    }
}
