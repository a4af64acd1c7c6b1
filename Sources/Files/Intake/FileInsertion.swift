import Cryptography
import Platform
import Postgres

/// The statement that makes the rows of files.
enum FileInsertion {
    /// Returns the ids of the rows that it has made.
    static func statement(for records: [FileRecord], where condition: SQL = "") -> SQL {
        """
        WITH added AS (
            INSERT INTO files (id, owner_id, name, size, content_type, sha256, key, area, container, byte_offset)
            SELECT * FROM unnest(
                \(records.map(\.id)), \(records.map(\.owner)), \(records.map(\.name))::text[], \(records.map(\.size)),
                \(records.map(\.contentType))::text[], \(records.map(\.sha256.bytes)), \(records.map(\.key))::text[],
                \(records.map(\.area))::text[], \(records.map(\.place.container)), \(records.map(\.place.offset)))
                AS given (id, owner, name, size, content_type, sha256, key, area, container, byte_offset) \(sql: condition)
            RETURNING id, container)
        INSERT INTO files_outstanding (file, container) SELECT id, container FROM added RETURNING file
        """
    }

    /// Leaves out the files of those who have a quota, which has to be looked at first.
    static func unmetered(_ records: [FileRecord]) -> SQL {
        statement(for: records, where: "WHERE NOT EXISTS (SELECT FROM file_usage WHERE owner_id = owner)")
    }
}
