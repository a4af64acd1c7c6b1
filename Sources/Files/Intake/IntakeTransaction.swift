import Cryptography
import Platform
import Postgres

/// Makes the rows of accepted files, ends their uploads, charges their owners and stores the answers: all in one transaction.
///
/// Rows are locked in this order: usage, uploads, replies, each by its key. Rows of files that exist are locked only when an
/// owner is counted for the first time, after the usage row was made; whoever deletes files locks those first and looks for
/// the usage row in a later statement, so neither can miss the other.
struct IntakeTransaction {
    struct Outcome: Sendable {
        /// For each group why it is refused.
        var refusals: [FilesError?]
        /// What the owners with a quota take now.
        var usage: [UserID: QuotaUse]
    }

    let pool: PostgresPool
    /// For those who have none of their own.
    let limits: QuotaLimits

    func commit(_ groups: [IntakeGroup]) async throws -> Outcome {
        try await pool.transaction { session in
            var facts = try facts(for: groups, session)
            let metered = facts.usage
            let refusals = IntakeDecision.decide(groups, &facts)
            let accepted = zip(groups, refusals).filter { $1 == nil }.map(\.0)
            if !accepted.isEmpty { try session.execute(FileInsertion.statement(for: accepted.flatMap(\.records))) }
            for (owner, use) in facts.usage where metered[owner] != use { facts.usage[owner]?.version += 1 }
            try QuotaLedger.note(facts.usage.filter { metered[$0.key] != $0.value }, session)
            try Self.complete(accepted, session)
            return Outcome(refusals: refusals, usage: facts.usage)
        }
    }

    private func facts(for groups: [IntakeGroup], _ session: borrowing PostgresSession) throws -> IntakeDecision.Facts {
        var facts = IntakeDecision.Facts(usage: try QuotaLedger(limits: limits).usage(of: Set(groups.map(\.owner)), session))
        let fences = groups.compactMap(\.upload)
        if !fences.isEmpty {
            for row in try session.query(Self.held(fences)) {
                let id = try row.decode("id", as: UploadID.self)
                facts.uploads.insert(id)
                if try row.decode("is_charged") { facts.charged.insert(id) }
            }
        }
        facts.claims = try ReplyCompletion.lock(groups.compactMap { $0.reply?.claim }, session)
        return facts
    }

    private static func held(_ fences: [UploadFence]) -> SQL {
        """
        SELECT id, \(sql: UploadRecord.isCharged) AS is_charged FROM uploads
            JOIN unnest(\(fences.map(\.id)), \(fences.map(\.epoch))) AS fence (fence_id, fence_epoch)
            ON id = fence_id AND epoch = fence_epoch
        WHERE state IN ('open', 'finishing') ORDER BY id FOR UPDATE OF uploads
        """
    }

    private static func complete(_ groups: [IntakeGroup], _ session: borrowing PostgresSession) throws {
        let ended = groups.filter { $0.upload != nil }
        if let lifetime = ended.first?.lifetime {
            // It may have waited for this longer than it would have for its next byte.
            try session.execute(
                """
                UPDATE uploads SET state = 'complete', byte_offset = length, file = became,
                    expires_at = greatest(expires_at, \(sql: lifetime.fromNow))
                FROM unnest(\(ended.compactMap { $0.upload?.id }), \(ended.map { $0.records[0].id })) AS ended (ended_id, became)
                WHERE id = ended_id
                """)
        }
        let created = groups.filter { $0.creation != nil }
        if let area = created.first?.records[0].area, let lifetime = created.first?.lifetime {
            try session.execute(
                UploadInsertion.statement(
                    for: created.compactMap(\.creation), files: created.map { $0.records[0].id }, area: area,
                    lifetime: lifetime))
        }
        for completion in groups.compactMap(\.reply) { try session.execute(completion.storing) }
    }
}
