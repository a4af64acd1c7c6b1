import Cryptography
import Platform
import Postgres

/// Marks files as deleted, and gives their owner the room back in the same transaction.
enum FileDeletion {
    struct Outcome: Sendable {
        var files: [FileRecord]
        /// What the owner's files take now; nil without a quota.
        var use: QuotaUse?
    }

    static func run(_ pool: PostgresPool, owner: UserID, ids: [FileID], limits: QuotaLimits?) async throws -> Outcome {
        try await pool.transaction { session in
            let files = try FileRecord.records(try session.query(marking(owner: owner, ids: ids)))
            guard !files.isEmpty else { return Outcome(files: [], use: nil) }
            // A statement of its own, which sees what was committed while the first one waited for a lock: a row that counts these
            // files was made before they were locked, or not before this ends.
            let rows = try session.query(discharge(of: owner, bytes: files.reduce(0) { $0 + $1.size }, files: files.count))
            return Outcome(files: files, use: try rows.first.map { try QuotaUse($0, limits: limits ?? .none) })
        }
    }

    /// Rows are locked in the order of their ids, here and in `FileTransitions`, so that batches cannot deadlock.
    private static func marking(owner: UserID, ids: [FileID]) -> SQL {
        """
        WITH picked AS (
            SELECT id AS picked_id FROM files
            WHERE id = ANY(\(ids)) AND owner_id = \(owner) AND state <> 'deleting' ORDER BY id FOR UPDATE),
        marked AS (
            UPDATE files SET state = 'deleting' FROM picked WHERE id = picked_id RETURNING files.*),
        queued AS (
            INSERT INTO files_outstanding (file, container) SELECT id, container FROM marked
            ON CONFLICT (file) DO UPDATE SET given_up = false)
        SELECT \(sql: FileRecord.columns) FROM marked
        """
    }

    /// Never below nothing: a count that is wrong must not keep anybody from deleting.
    private static func discharge(of owner: UserID, bytes: Int64, files: Int) -> SQL {
        """
        UPDATE file_usage
        SET bytes = greatest(0, bytes - \(bytes)), files = greatest(0, files - \(files)), version = version + 1
        WHERE owner_id = \(owner) RETURNING \(sql: QuotaUse.columns)
        """
    }
}
