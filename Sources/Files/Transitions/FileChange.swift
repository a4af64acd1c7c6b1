import Platform
import Postgres

/// A change to the state of a file that needs more than one table.
enum FileChange: Sendable {
    case stored(FileID)
    case failed(FileID, reason: String)
    case retried(FileID)
    case removed(FileID)

    private enum Kind: CaseIterable {
        case stored, failed, retried, removed
    }

    /// Makes a batch of changes in one transaction.
    ///
    /// - Returns: for each whether it took place, and the containers in which a file's bytes are not needed any more.
    static func apply(_ changes: [FileChange], _ pool: PostgresPool) async throws -> (done: [Bool], containers: Set<UUIDv7>) {
        let batches = Kind.allCases.compactMap { kind in
            let batch = changes.filter { $0.kind == kind }
            return batch.isEmpty ? nil : (kind: kind, statement: statement(for: batch, kind))
        }
        var done: [Kind: Set<FileID>] = [:]
        var containers: Set<UUIDv7> = []
        for (batch, rows) in zip(batches, try await run(batches.map(\.statement), pool)) {
            done[batch.kind] = Set(try rows.map { try $0.decode("id", as: FileID.self) })
            for row in rows {
                if let container = try row.decode("container", as: UUIDv7?.self) { containers.insert(container) }
            }
        }
        return (changes.map { done[$0.kind]?.contains($0.file) ?? false }, containers)
    }

    private static func run(_ statements: [SQL], _ pool: PostgresPool) async throws -> [[PostgresRow]] {
        // Mostly there is one, and BEGIN and COMMIT would be two round trips more.
        if statements.count == 1 { return [try await pool.query(statements[0])] }
        return try await pool.transaction { session in
            var rows: [[PostgresRow]] = []
            for statement in statements { rows.append(try session.query(statement)) }
            return rows
        }
    }

    private var file: FileID {
        switch self {
        case .stored(let id), .failed(let id, _), .retried(let id), .removed(let id): id
        }
    }

    private var kind: Kind {
        switch self {
        case .stored: .stored
        case .failed: .failed
        case .retried: .retried
        case .removed: .removed
        }
    }

    private static func statement(for changes: [FileChange], _ kind: Kind) -> SQL {
        let ids = changes.map(\.file)
        switch kind {
        case .stored: return store(ids)
        case .failed: return fail(ids, changes.compactMap(\.reason))
        case .retried: return retry(ids)
        case .removed: return remove(ids)
        }
    }

    private var reason: String? {
        guard case .failed(_, let reason) = self else { return nil }
        return reason.replacing("\0", with: "")
    }

    // Each locks its rows in the order of their ids before it changes them; the condition is checked again after a wait for a
    // lock. Batches that change the same files in different ways may still meet crosswise: the server gives up one of them, and
    // the pool tries that again.

    private static func store(_ ids: [FileID]) -> SQL {
        """
        WITH picked AS (
            SELECT id AS picked_id FROM files WHERE id = ANY(\(ids)) AND state = 'staged' ORDER BY id FOR UPDATE),
        settled AS (
            DELETE FROM files_outstanding USING picked WHERE file = picked_id)
        UPDATE files SET state = 'stored', stored_at = now() FROM picked WHERE id = picked_id RETURNING id, container
        """
    }

    private static func fail(_ ids: [FileID], _ reasons: [String]) -> SQL {
        """
        WITH picked AS (
            SELECT id AS picked_id FROM files WHERE id = ANY(\(ids)) AND state = 'staged' ORDER BY id FOR UPDATE),
        parked AS (
            UPDATE files_outstanding SET given_up = true FROM picked WHERE file = picked_id)
        UPDATE files SET state = 'failed', failure = reason
        FROM picked JOIN unnest(\(ids), \(reasons)::text[]) AS given (given_id, reason) ON given_id = picked_id
        WHERE id = picked_id RETURNING id, NULL AS container
        """
    }

    private static func retry(_ ids: [FileID]) -> SQL {
        """
        WITH picked AS (
            SELECT id AS picked_id FROM files WHERE id = ANY(\(ids)) AND state = 'failed' ORDER BY id FOR UPDATE),
        taken_up AS (
            UPDATE files_outstanding SET given_up = false FROM picked WHERE file = picked_id)
        UPDATE files SET state = 'staged', failure = NULL FROM picked WHERE id = picked_id RETURNING id, NULL AS container
        """
    }

    private static func remove(_ ids: [FileID]) -> SQL {
        """
        WITH picked AS (
            SELECT id AS picked_id FROM files WHERE id = ANY(\(ids)) AND state = 'deleting' ORDER BY id FOR UPDATE),
        settled AS (
            DELETE FROM files_outstanding USING picked WHERE file = picked_id)
        DELETE FROM files USING picked WHERE id = picked_id RETURNING id, container
        """
    }
}
