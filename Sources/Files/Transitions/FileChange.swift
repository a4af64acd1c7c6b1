import Platform
import Postgres

/// A change that a worker makes to the state of a file.
enum FileChange: Sendable {
    case stored(FileID)
    case failed(FileID, reason: String)
    case removed(FileID)

    /// Makes a batch of changes in one transaction.
    ///
    /// - Returns: for each whether it took place.
    static func apply(_ changes: [FileChange], _ pool: PostgresPool) async throws -> [Bool] {
        var stored: [FileID] = []
        var failed: [(id: FileID, reason: String)] = []
        var removed: [FileID] = []
        for change in changes {
            switch change {
            case .stored(let id): stored.append(id)
            case .failed(let id, let reason): failed.append((id, reason.replacing("\0", with: "")))
            case .removed(let id): removed.append(id)
            }
        }
        let statements = [
            stored.isEmpty ? nil : store(stored),
            failed.isEmpty ? nil : fail(failed.map(\.id), failed.map(\.reason)),
            removed.isEmpty ? nil : remove(removed),
        ]
        let done = try await pool.transaction { session in
            try statements.map { statement in
                guard let statement else { return Set<FileID>() }
                return Set(try session.query(statement).map { row in try row.decode("id", as: FileID.self) })
            }
        }
        return changes.map { change in
            switch change {
            case .stored(let id): done[0].contains(id)
            case .failed(let id, _): done[1].contains(id)
            case .removed(let id): done[2].contains(id)
            }
        }
    }

    // Each locks its rows in the order of their ids before it changes them, so that two batches cannot deadlock on the same
    // files; the condition is checked again after a wait for a lock.

    private static func store(_ ids: [FileID]) -> SQL {
        """
        WITH picked AS (
            SELECT id AS picked_id FROM files WHERE id = ANY(\(ids)) AND state = 'staged' ORDER BY id FOR UPDATE),
        settled AS (
            DELETE FROM files_outstanding USING picked WHERE file = picked_id)
        UPDATE files SET state = 'stored', stored_at = now() FROM picked WHERE id = picked_id RETURNING id
        """
    }

    private static func fail(_ ids: [FileID], _ reasons: [String]) -> SQL {
        """
        WITH picked AS (
            SELECT id AS picked_id FROM files WHERE id = ANY(\(ids)) AND state = 'staged' ORDER BY id FOR UPDATE),
        settled AS (
            DELETE FROM files_outstanding USING picked WHERE file = picked_id)
        UPDATE files SET state = 'failed', failure = reason
        FROM picked JOIN unnest(\(ids), \(reasons)::text[]) AS given (given_id, reason) ON given_id = picked_id
        WHERE id = picked_id RETURNING id
        """
    }

    private static func remove(_ ids: [FileID]) -> SQL {
        """
        WITH picked AS (
            SELECT id AS picked_id FROM files WHERE id = ANY(\(ids)) AND state = 'deleting' ORDER BY id FOR UPDATE),
        settled AS (
            DELETE FROM files_outstanding USING picked WHERE file = picked_id)
        DELETE FROM files USING picked WHERE id = picked_id RETURNING id
        """
    }
}
