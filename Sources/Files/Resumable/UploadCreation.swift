import Platform
import Postgres

/// Makes the rows of a batch of new uploads in one transaction, and keeps to what one user may have open.
struct UploadCreation: Sendable {
    /// Keeps the locks of this apart from those that others may take.
    private static let lockSpace: Int64 = 0x75706c6f616473

    let pool: PostgresPool
    let area: String
    let configuration: ResumableConfiguration

    /// - Returns: for each draft its row, or why there is none.
    func commit(_ drafts: [UploadDraft]) async -> [Result<UploadRecord, any Error>] {
        do {
            let made = try await pool.transaction { session in
                var open = try Self.lockAndCount(Set(drafts.map(\.owner)), session)
                let admitted = drafts.filter { draft in
                    guard draft.kind == .part || draft.state == .open || draft.state == .joining else { return true }
                    guard open[draft.owner, default: 0] < configuration.maximumOpen else { return false }
                    open[draft.owner, default: 0] += 1
                    return true
                }
                guard !admitted.isEmpty else { return [UploadRecord]() }
                return try UploadRecord.records(
                    try session.query(
                        UploadInsertion.statement(
                            for: admitted, files: admitted.map { _ in nil }, area: area, lifetime: configuration.lifetime)))
            }
            let records = Dictionary(made.map { ($0.id, $0) }) { first, _ in first }
            return drafts.map { draft in Result { () throws(FilesError) in try record(of: draft, in: records) }.mapError { $0 } }
        } catch {
            return drafts.map { _ in .failure(error) }
        }
    }

    private func record(of draft: UploadDraft, in made: [UploadID: UploadRecord]) throws(FilesError) -> UploadRecord {
        guard let record = made[draft.id] else { throw tooMany }
        return record
    }

    var tooMany: FilesError { .tooManyUploads(maximum: configuration.maximumOpen) }

    /// How many uploads each owner has open, parts that nothing was made of among them. Nobody else creates one for them until the transaction ends.
    static func lockAndCount(_ owners: Set<UserID>, _ session: borrowing PostgresSession) throws -> [UserID: Int] {
        for owner in owners.sorted(by: { $0.rawValue < $1.rawValue }) {
            try session.execute("SELECT pg_advisory_xact_lock(hashint8extended(\(owner), \(lockSpace)))")
        }
        var open: [UserID: Int] = [:]
        for row in try session.query(
            """
            SELECT owner_id, count(*) FROM uploads
            WHERE owner_id = ANY(\(Array(owners)))
                AND (state IN ('open', 'joining', 'finishing') OR (kind = 'part' AND state = 'complete' AND joined_into IS NULL))
            GROUP BY owner_id
            """)
        {
            open[try row.decode(at: 0)] = try row.decode(at: 1, as: Int.self)
        }
        return open
    }
}
