import Platform
import Postgres

extension UploadStore {
    /// Whether an upload's time is to be set anew. One that is nearly as far away as it would be set stays: to change it changes an index.
    static func isDue(_ lifetime: Duration) -> SQL {
        "expires_at < \(sql: (lifetime - min(.seconds(600), lifetime / 8)).fromNow)"
    }

    /// Gives a part that waits for others its time again.
    ///
    /// - Returns: the row from then on; nil when it has time enough, or does not wait any more.
    func renew(_ part: UploadRecord) async throws(FilesError) -> UploadRecord? {
        try await query(
            """
            UPDATE uploads SET expires_at = \(sql: lifetime.fromNow)
            WHERE id = \(part.id) AND kind = 'part' AND state = 'complete' AND joined_into IS NULL
                AND expires_at > now() AND \(sql: Self.isDue(lifetime))
            RETURNING \(sql: UploadRecord.columns)
            """
        ).first
    }
}
