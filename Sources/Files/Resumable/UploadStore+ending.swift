import Platform
import Postgres

extension UploadStore {
    /// Gives an upload up for good, unless it has come to its end.
    ///
    /// - Returns: false when it has, or the fence is not the caller's any more.
    func kill(_ record: UploadRecord, failure: String) async throws(FilesError) -> Bool {
        try await end(
            record,
            """
            UPDATE uploads SET state = 'dead', failure = \(failure), digest_state = NULL
            WHERE id = \(record.id) AND epoch = \(record.epoch) AND state IN ('open', 'finishing', 'joining')
            """)
    }

    /// - Returns: false when the fence is not the caller's any more, or a part has been used up.
    func remove(_ record: UploadRecord) async throws(FilesError) -> Bool {
        try await end(record, "DELETE FROM uploads WHERE id = \(record.id) AND epoch = \(record.epoch) AND joined_into IS NULL")
    }

    /// What was to be made of parts has taken its room before: it is given back in the same transaction.
    private func end(_ record: UploadRecord, _ statement: SQL) async throws(FilesError) -> Bool {
        guard record.kind == .joined else { return try await execute(statement) == 1 }
        let (id, owner, limits) = (record.id, record.owner, limits)
        do {
            let (isEnded, use) = try await pool.transaction { session -> (Bool, QuotaUse?) in
                let usage = try QuotaLedger(limits: limits).usage(of: [owner], session)
                let charged = try session.query(
                    "SELECT length FROM uploads WHERE id = \(id) AND \(sql: UploadRecord.isCharged) FOR UPDATE"
                ).first?.decode(at: 0, as: Int64.self)
                guard try session.execute(statement) == 1 else { return (false, nil) }
                guard let charged, let use = usage[owner]?.without(bytes: charged, files: 1) else { return (true, nil) }
                try QuotaLedger.note([owner: use], session)
                return (true, use)
            }
            if let use { await quotas?.tell(owner, use) }
            return isEnded
        } catch {
            throw (error as? PostgresError).map { FilesError(reading: $0) } ?? FilesError(error)
        }
    }
}
