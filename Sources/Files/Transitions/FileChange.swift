import Platform
import Postgres

/// A change to the state of a file that needs more than one table.
enum FileChange: Sendable {
    case stored(FileID)
    case failed(FileID, reason: String)
    case retried(FileID)
    case removed(FileID)

    /// Makes a batch of changes in one transaction.
    ///
    /// - Returns: for each whether it took place, and the containers in which a file's bytes are not needed any more.
    static func apply(_ changes: [FileChange], _ pool: PostgresPool) async throws -> (done: [Bool], containers: Set<UUIDv7>) {
        let statements = Self.statements(for: changes)
        let (done, containers) = try await pool.transaction { session in
            var done: [[FileID: Bool]] = []
            var containers: Set<UUIDv7> = []
            for statement in statements {
                var ids: [FileID: Bool] = [:]
                for row in try statement.map({ try session.query($0) }) ?? [] {
                    ids[try row.decode("id")] = true
                    if let container = try row.decode("container", as: UUIDv7?.self) { containers.insert(container) }
                }
                done.append(ids)
            }
            return (done, containers)
        }
        return (changes.map { done[$0.kind][$0.file] ?? false }, containers)
    }

    private var file: FileID {
        switch self {
        case .stored(let id), .failed(let id, _), .retried(let id), .removed(let id): id
        }
    }

    /// The place of its statement among `statements(for:)`.
    private var kind: Int {
        switch self {
        case .stored: 0
        case .failed: 1
        case .retried: 2
        case .removed: 3
        }
    }

    /// One for each kind of change; nil where there is none of it.
    private static func statements(for changes: [FileChange]) -> [SQL?] {
        var ids: [[FileID]] = [[], [], [], []]
        var reasons: [String] = []
        for change in changes {
            ids[change.kind].append(change.file)
            if case .failed(_, let reason) = change { reasons.append(reason.replacing("\0", with: "")) }
        }
        return zip(ids, [store(ids[0]), fail(ids[1], reasons), retry(ids[2]), remove(ids[3])]).map { $0.isEmpty ? nil : $1 }
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
