import Glibc
import Platform
public import Postgres

/// Removes resumable uploads that have expired, and bytes below `partial/` that no row needs.
///
/// An upload that somebody writes to at the moment is left alone: its next checkpoint gives it time.
public struct UploadSweep: Sendable {
    /// Rows of one query.
    private static let page = 1000
    /// Files that are locked at the same time, hence descriptors.
    private static let batch = 64

    private let pool: PostgresPool
    private let staging: StagingArea

    /// - Precondition: the staging area has been prepared.
    public init(pool: PostgresPool, staging: StagingArea) {
        self.pool = pool
        self.staging = staging
    }

    /// - Parameter age: of bytes without a row, longer than it takes to make one; an hour is usual.
    /// - Returns: how many uploads, and files without one, were removed.
    public func run(olderThan age: Duration) async throws(FilesError) -> Int {
        do {
            return try await removeExpired() + removeOrphans(olderThan: age)
        } catch {
            throw (error as? PostgresError).map { FilesError(reading: $0) } ?? FilesError(error)
        }
    }

    private func removeExpired() async throws -> Int {
        var total = 0
        while true {
            let ids = try await pool.query(
                """
                SELECT id FROM uploads WHERE area = \(staging.areaID) AND \(sql: Self.isExpired) ORDER BY expires_at LIMIT \(Self.page)
                """
            ).map { try $0.decode(at: 0, as: UploadID.self) }
            var removed = 0
            for batch in ids.batches(of: Self.batch) { removed += try await removeExpired(batch) }
            total += removed
            if removed == 0 || ids.count < Self.page { return total }
        }
    }

    /// What is being made into a file does not expire, nor do the parts that it is made of.
    private static let isExpired: SQL = """
        expires_at <= now() AND state NOT IN ('finishing', 'joining') AND (joined_into IS NULL OR NOT EXISTS (
            SELECT FROM uploads AS whole WHERE whole.id = uploads.joined_into AND whole.state = 'joining'))
        """

    private func removeExpired(_ ids: [UploadID]) async throws -> Int {
        let locks = try await locks(of: ids)
        let free = ids.filter { if case .busy? = locks[$0] { false } else { true } }
        // Under the locks: whoever wants to write to one of them from now on finds no row.
        let removed = try await pool.query("DELETE FROM uploads WHERE id = ANY(\(free)) AND \(sql: Self.isExpired) RETURNING id")
            .map { try $0.decode(at: 0, as: UploadID.self) }
        try await remove(removed, locks)
        return removed.count
    }

    private func removeOrphans(olderThan age: Duration) async throws -> Int {
        let directories = try staging.directories()
        let limit = Int64(time(nil)) - age.components.seconds
        var removed = 0
        try await staging.eachPage(of: directories.partial) { page in
            for batch in page.filter({ $0.modified <= limit }).compactMap({ UploadID($0.name) }).batches(of: Self.batch) {
                let locks = try await locks(of: batch)
                let held = batch.filter { if case .held? = locks[$0] { true } else { false } }
                let needed = Set(
                    try await pool.query("SELECT id FROM uploads WHERE id = ANY(\(held)) AND \(sql: UploadRecord.needsBytes)")
                        .map { try $0.decode(at: 0, as: UploadID.self) })
                let orphans = held.filter { !needed.contains($0) }
                try await remove(orphans, locks)
                removed += orphans.count
            }
        }
        return removed
    }

    private func locks(of ids: [UploadID]) async throws -> [UploadID: PartialFile.Lock] {
        let directories = try staging.directories()
        return try await staging.onPool { () throws(FilesError) in
            var locks: [UploadID: PartialFile.Lock] = [:]
            for id in ids { locks[id] = try PartialFile.lock(id, in: directories, isMaking: false) }
            return locks
        }
    }

    private func remove(_ ids: [UploadID], _ locks: [UploadID: PartialFile.Lock]) async throws {
        try await staging.onPool { () throws(FilesError) in
            for id in ids { if case .held(let file)? = locks[id] { file.remove() } }
        }
    }
}

extension Array {
    fileprivate func batches(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min(count, $0 + size)]) }
    }
}
