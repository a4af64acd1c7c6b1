import Cryptography
public import Platform
public import Postgres
public import ServiceLifecycle

/// The worker's side of a file's life.
///
/// Concurrent calls share statements and commits. Each change happens only from the state it belongs to, so that it is
/// harmless to make it twice or too late.
public final class FileTransitions: Sendable, Service {
    /// Removes containers from the staging area.
    public typealias Release = @Sendable (_ containers: [UUIDv7]) async throws -> Void

    private let pool: PostgresPool
    private let release: Release
    private let loads: Batcher<FileID, FileRecord?>
    private let changes: Batcher<FileChange, Bool>

    /// - Parameter release: removes containers that no file needs any more; `StagingArea.remove` in a worker.
    public init(pool: PostgresPool, release: @escaping Release) {
        self.pool = pool
        self.release = release
        loads = Batcher(maximumItems: 128, maximumInFlight: 1) { ids in
            await Self.results(for: ids) { try await Self.load(ids, pool) }
        }
        changes = Batcher(maximumItems: 128, maximumInFlight: 1) { changes in
            await Self.results(for: changes) {
                let (done, containers) = try await FileChange.apply(changes, pool)
                // The changes are committed whatever comes of this; what is not released now is swept later.
                try? await Self.releaseUnneeded(containers, pool, release)
                return done
            }
        }
    }

    /// Works until graceful shutdown; whatever uses it has to end before.
    public func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [loads] in await loads.run() }
            group.addTask { [changes] in await changes.run() }
        }
    }

    /// The file in whatever state, or nil when there is no row.
    public func load(_ id: FileID) async throws(FilesError) -> FileRecord? {
        try await submit(id, to: loads)
    }

    /// Notes that the bytes are on the FTP server, and releases the file's container if no other file needs it.
    ///
    /// - Returns: false when the file is no longer staged; then what was uploaded must be removed again.
    public func markStored(_ id: FileID) async throws(FilesError) -> Bool {
        try await submit(.stored(id), to: changes)
    }

    /// Notes that the transfer of a staged file was given up.
    ///
    /// - Parameter reason: for the owner and the operator to read.
    /// - Returns: false when the file is no longer staged.
    @discardableResult
    public func markFailed(_ id: FileID, reason: String) async throws(FilesError) -> Bool {
        try await submit(.failed(id, reason: reason), to: changes)
    }

    /// Notes that a file whose transfer was given up is to be transferred after all. Its job is the caller's to make.
    ///
    /// - Returns: false when the file has not failed.
    public func markRetried(_ id: FileID) async throws(FilesError) -> Bool {
        try await submit(.retried(id), to: changes)
    }

    /// Removes the row of a file that is being deleted, and releases its container if no other file needs it.
    ///
    /// - Returns: false when there is no such row.
    @discardableResult
    public func remove(_ id: FileID) async throws(FilesError) -> Bool {
        try await submit(.removed(id), to: changes)
    }

    /// Releases the container of a stored file, if no other file needs it.
    public func release(of file: FileRecord) async throws(FilesError) {
        do {
            try await Self.releaseUnneeded([file.place.container], pool, release)
        } catch {
            throw FilesError(error)
        }
    }

    /// Files of a staging area that still need a worker (staged or deleting), in the order of their ids.
    ///
    /// - Parameters:
    ///   - area: the id of the area.
    ///   - after: the last file of the page before.
    ///   - age: leaves out files accepted more recently.
    public func outstanding(in area: String, after: FileID? = nil, olderThan age: Duration, limit: Int) async throws(FilesError)
        -> [FileRecord]
    {
        let now = FileID().milliseconds
        let newest = FileID(milliseconds: max(0, now - age.milliseconds))
        let rows = try await query(
            """
            SELECT \(sql: FileRecord.columns)
            FROM (SELECT file FROM files_outstanding WHERE NOT given_up) AS waiting JOIN files ON id = file
            WHERE area = \(area) AND file < \(newest) AND (\(after as FileID?)::uuid IS NULL OR file > \(after as FileID?))
            ORDER BY file LIMIT \(limit)
            """)
        return try FileRecord.records(rows)
    }

    /// Which of these containers are needed: those with bytes of a file that is not `stored`.
    public func needed(_ containers: [UUIDv7]) async throws(FilesError) -> Set<UUIDv7> {
        do throws(PostgresError) {
            let rows = try await pool.query("SELECT DISTINCT container FROM files_outstanding WHERE container = ANY(\(containers))")
            return Set(try rows.map { row throws(PostgresError) in try row.decode("container", as: UUIDv7.self) })
        } catch {
            throw FilesError(error)
        }
    }

    private func query(_ sql: SQL) async throws(FilesError) -> [PostgresRow] {
        do throws(PostgresError) {
            return try await pool.query(sql)
        } catch {
            throw FilesError(error)
        }
    }

    private func submit<Item, Output>(_ item: Item, to batcher: Batcher<Item, Output>) async throws(FilesError) -> Output {
        do {
            return try await batcher.submit(item)
        } catch {
            throw FilesError(error)
        }
    }

    /// Asked after the commit: of two transactions that each take one of a container's last two files, neither sees the container
    /// free, but the later of these two questions does.
    private static func releaseUnneeded(_ containers: Set<UUIDv7>, _ pool: PostgresPool, _ release: Release) async throws {
        guard !containers.isEmpty else { return }
        let rows = try await pool.query(
            """
            SELECT container FROM unnest(\(Array(containers))) AS given (container)
            WHERE NOT EXISTS (SELECT FROM files_outstanding AS other WHERE other.container = given.container)
            """)
        let free = try rows.map { try $0.decode("container", as: UUIDv7.self) }
        if !free.isEmpty { try await release(free) }
    }

    private static func load(_ ids: [FileID], _ pool: PostgresPool) async throws -> [FileRecord?] {
        let rows = try await pool.query("SELECT \(sql: FileRecord.columns) FROM files WHERE id = ANY(\(ids))")
        var found: [FileID: FileRecord] = [:]
        for record in try FileRecord.records(rows) { found[record.id] = record }
        return ids.map { found[$0] }
    }

    private static func results<Item, Output>(
        for items: [Item], _ body: () async throws -> [Output]
    ) async -> [Result<Output, any Error>] {
        do {
            return try await body().map { .success($0) }
        } catch {
            return items.map { _ in .failure(error) }
        }
    }
}
