import Platform
import Postgres

/// Makes the row of an upload that is joined of parts, takes its room and uses the parts up, in one transaction.
///
/// More uploads are not open after it than before.
struct UploadJoining: Sendable {
    let store: UploadStore
    let configuration: ResumableConfiguration

    /// - Returns: the row that is there already, when the same parts were joined before.
    func create(_ draft: UploadDraft, _ parts: [UploadID], _ reply: @escaping ResumableUploads.Reply) async throws(FilesError)
        -> UploadRecord
    {
        guard !parts.isEmpty, Set(parts).count == parts.count else { throw Self.unusable }
        do {
            let (record, use) = try await store.pool.transaction { session in
                let usage = try QuotaLedger(limits: store.limits).usage(of: [draft.owner], session)[draft.owner]
                let (record, use) = try join(draft, parts, usage, session)
                if let reply = reply(record.id) { try keep(reply, session) }
                return (record, use)
            }
            if let use { await store.quotas?.tell(draft.owner, use, ending: parts) }
            return record
        } catch {
            throw (error as? PostgresError).map { FilesError(reading: $0) } ?? FilesError(error)
        }
    }

    /// - Returns: the row, and what its owner takes if that has changed.
    private func join(
        _ draft: UploadDraft, _ parts: [UploadID], _ usage: QuotaUse?, _ session: borrowing PostgresSession
    ) throws -> (UploadRecord, QuotaUse?) {
        let found = try rows(of: draft.owner, parts, session)
        if let joined = found[0].joinedInto, found.allSatisfy({ $0.joinedInto == joined }),
            let before = try former(joined, session), before.parts == parts,
            draft.expected == nil || draft.expected == before.expected
        {
            return (before, nil)
        }
        let length = try self.length(of: found)
        // Of what was promised to the parts nothing is left to others in between: it is taken before they are used up.
        var use = try usage?.adding(bytes: length, files: 1)
        use?.version += 1
        if let use { try QuotaLedger.note([draft.owner: use], session) }
        return (try add(draft, parts, length, session), use)
    }

    private func keep(_ reply: ReplyCompletion, _ session: borrowing PostgresSession) throws {
        guard try !ReplyCompletion.lock([reply.claim], session).isEmpty else { throw FilesError.requestTakenOver }
        try session.execute(reply.storing)
    }

    /// - Returns: in the order of `parts`.
    private func rows(of owner: UserID, _ parts: [UploadID], _ session: borrowing PostgresSession) throws -> [UploadRecord] {
        let rows = try UploadRecord.records(
            try session.query(
                """
                SELECT \(sql: UploadRecord.columns) FROM uploads
                WHERE id = ANY(\(parts)) AND owner_id = \(owner) AND area = \(store.area) AND kind = 'part' ORDER BY id FOR UPDATE
                """))
        let found = Dictionary(rows.map { ($0.id, $0) }) { first, _ in first }
        let ordered = parts.compactMap { found[$0] }
        guard ordered.count == parts.count else { throw Self.unusable }
        return ordered
    }

    private func former(_ id: UploadID, _ session: borrowing PostgresSession) throws -> UploadRecord? {
        try session.query("SELECT \(sql: UploadRecord.columns) FROM uploads WHERE id = \(id)").first.map { try UploadRecord(row: $0) }
    }

    private func length(of parts: [UploadRecord]) throws(FilesError) -> Int64 {
        var sum: Int64 = 0
        for part in parts {
            guard part.joinedInto == nil, !part.isExpired, part.state != .dead else { throw Self.unusable }
            guard part.state == .complete, let length = part.length else {
                throw FilesError(.partsUnfinished, "bytes of a part are still to come")
            }
            let (next, overflow) = sum.addingReportingOverflow(length)
            guard !overflow, next <= configuration.maximumSize else {
                throw FilesError(.tooLarge, "more than \(configuration.maximumSize) bytes")
            }
            sum = next
        }
        return sum
    }

    private func add(
        _ draft: UploadDraft, _ parts: [UploadID], _ length: Int64, _ session: borrowing PostgresSession
    ) throws -> UploadRecord {
        try session.execute(UploadInsertion.statement(for: [draft], files: [nil], area: store.area, lifetime: configuration.lifetime))
        // Theirs is the time of the whole from here on: a sweep that waits for these rows looks at it again.
        try session.execute(
            """
            UPDATE uploads SET joined_into = \(draft.id),
                expires_at = greatest(expires_at, \(sql: configuration.lifetime.fromNow))
            WHERE id = ANY(\(parts))
            """)
        let rows = try session.query(
            """
            UPDATE uploads SET length = \(length), parts = \(parts), state = CASE WHEN \(length) = 0 THEN 'finishing' ELSE state END
            WHERE id = \(draft.id) RETURNING \(sql: UploadRecord.columns)
            """)
        guard let row = rows.first else { throw FilesError(.storage, "the row of a joined upload has vanished") }
        return try UploadRecord(row: row)
    }

    private static let unusable = FilesError(.partsUnusable, "these are not parts of yours that can be joined")
}
