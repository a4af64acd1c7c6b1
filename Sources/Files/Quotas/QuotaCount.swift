import Platform
import Postgres

/// Counts what users have, for the row that keeps it from then on: their files, and what is being made of parts.
enum QuotaCount {
    /// What is counted beside files.
    static func joining(of owners: [UserID]) -> SQL {
        "SELECT owner_id, length FROM uploads WHERE owner_id = ANY(\(owners)) AND \(sql: UploadRecord.isCharged)"
    }

    /// Makes the rows of users who have none. The files are locked against being deleted meanwhile: a deletion before is seen, one
    /// after sees the row.
    static func insertion(of owners: [UserID]) -> SQL {
        """
        INSERT INTO file_usage (owner_id, bytes, files)
        SELECT owner, coalesce(sum(size), 0), count(size)
        FROM unnest(\(owners)) AS given (owner)
        LEFT JOIN (
            SELECT owner_id, size FROM (
                SELECT owner_id, size FROM files WHERE owner_id = ANY(\(owners)) AND state <> 'deleting' FOR SHARE) AS kept
            UNION ALL \(sql: joining(of: owners))) AS had ON owner_id = owner
        GROUP BY owner ORDER BY owner
        ON CONFLICT DO NOTHING
        """
    }
}
