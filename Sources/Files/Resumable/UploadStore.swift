import Cryptography
import FoundationEssentials
import Platform
import Postgres

/// The rows of resumable uploads in one staging area. What they say is the truth; everything else is a hint.
final class UploadStore: Sendable {
    /// What became durable.
    struct Checkpoint: Sendable {
        let fence: UploadFence
        let offset: Int64
        let chain: SHA256Chain
    }

    /// What a checkpoint has made of an upload.
    struct Standing: Sendable {
        let state: UploadState
        let expiresAt: Date
    }

    /// Rows of one batch.
    private static let batch = 128

    let pool: PostgresPool
    let area: String
    /// How long an upload waits for its next byte, and a part for others.
    let lifetime: Duration
    /// The quota of owners who have none of their own, and who is told of what they take.
    let limits: QuotaLimits
    let quotas: QuotaKeeper?
    private let creations: Batcher<UploadCreation.Order, UploadRecord>
    private let checkpoints: Batcher<Checkpoint, Standing?>

    init(pool: PostgresPool, area: String, intake: FileIntake, configuration: ResumableConfiguration) {
        self.pool = pool
        self.area = area
        lifetime = configuration.lifetime
        limits = intake.limits
        quotas = intake.quotas
        let creation = UploadCreation(pool: pool, area: area, configuration: configuration)
        creations = Batcher(maximumItems: Self.batch, maximumInFlight: 1) { await creation.commit($0) }
        checkpoints = Batcher(maximumItems: Self.batch, maximumInFlight: 2) { batch in
            await Self.commit(batch, pool, lifetime: configuration.lifetime)
        }
    }

    /// Works until graceful shutdown; whatever uses it has to end before.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [creations] in await creations.run() }
            group.addTask { [checkpoints] in await checkpoints.run() }
        }
    }

    /// - Throws: `.tooManyUploads`; `.superseded`, where the answer is not the caller's to store; `.database`: perhaps there is a row
    ///   that nobody will use, until it expires.
    func create(_ draft: UploadDraft, reply: ReplyCompletion?) async throws(FilesError) -> UploadRecord {
        do {
            return try await creations.submit(UploadCreation.Order(draft: draft, reply: reply))
        } catch {
            throw Self.repeatable(error)
        }
    }

    /// - Throws: `.uploadNotFound`, `.uploadExpired`, `.uploadElsewhere`, `.database`.
    func find(owner: UserID, id: UploadID) async throws(FilesError) -> UploadRecord {
        let rows = try await query("SELECT \(sql: UploadRecord.columns) FROM uploads WHERE id = \(id) AND owner_id = \(owner)")
        guard let record = rows.first else { throw FilesError(.uploadNotFound, "there is no such upload") }
        guard !record.isExpired else { throw FilesError(.uploadExpired, "the upload has expired") }
        guard record.area == area else { throw FilesError(.uploadElsewhere, "the upload's bytes are in another staging area") }
        return record
    }

    /// Makes the caller the only one whose checkpoints count.
    ///
    /// - Parameter epoch: the number to have at least.
    /// - Returns: the row as it is from now on; nil when it is in none of the states any more, or has expired.
    func fence(_ id: UploadID, in states: [UploadState], epoch: Int64) async throws(FilesError) -> UploadRecord? {
        try await query(
            """
            UPDATE uploads SET epoch = greatest(epoch + 1, \(epoch))
            WHERE id = \(id) AND area = \(area) AND state = ANY(\(states.map(\.rawValue))::text[])
                AND (state <> 'open' OR expires_at > now())
            RETURNING \(sql: UploadRecord.columns)
            """
        ).first
    }

    /// Notes the length of an upload that did not tell it when it was created.
    ///
    /// - Returns: the state from then on, since all bytes may be there; nil when the fence is not the caller's any more.
    func setLength(_ length: Int64, _ fence: UploadFence) async throws(FilesError) -> UploadState? {
        try await query(
            """
            UPDATE uploads SET length = \(length),
                state = CASE WHEN byte_offset <> \(length) THEN state WHEN kind = 'part' THEN 'complete' ELSE 'finishing' END
            WHERE id = \(fence.id) AND epoch = \(fence.epoch) AND state = 'open' AND length IS NULL AND byte_offset <= \(length)
            RETURNING \(sql: UploadRecord.columns)
            """
        ).first?.state
    }

    /// Notes what has become durable. With the last byte the upload goes on to its next state.
    ///
    /// - Returns: nil when the fence is not the caller's any more.
    func checkpoint(_ checkpoint: Checkpoint) async throws(FilesError) -> Standing? {
        do {
            return try await checkpoints.submit(checkpoint)
        } catch {
            throw Self.repeatable(error)
        }
    }

    /// Which of these uploads need their bytes below `partial/`: those that are no file yet, and parts until they are joined.
    func needed(_ ids: [UploadID]) async throws(FilesError) -> Set<UploadID> {
        Set(
            try await query(
                "SELECT \(sql: UploadRecord.columns) FROM uploads WHERE id = ANY(\(ids)) AND \(sql: UploadRecord.needsBytes)"
            ).map(\.id))
    }

    /// The parts of a joined upload that are there, in their order.
    func parts(of record: UploadRecord) async throws(FilesError) -> [UploadRecord] {
        let rows = try await query(
            "SELECT \(sql: UploadRecord.columns) FROM uploads WHERE id = ANY(\(record.parts)) AND joined_into = \(record.id)")
        return record.parts.compactMap { id in rows.first { $0.id == id } }
    }

    /// The epochs of uploads that are there.
    func epochs(of ids: [UploadID]) async throws(FilesError) -> [UploadID: Int64] {
        do throws(PostgresError) {
            var epochs: [UploadID: Int64] = [:]
            for row in try await pool.query("SELECT id, epoch FROM uploads WHERE id = ANY(\(ids))") {
                epochs[try row.decode(at: 0)] = try row.decode(at: 1, as: Int64.self)
            }
            return epochs
        } catch {
            throw FilesError(reading: error)
        }
    }

    /// Uploads that wait for this area to do something: the oldest of each owner, then the second of each, and so on.
    ///
    /// - Parameters:
    ///   - skipped: what is left out.
    ///   - owners: those whose uploads are left out.
    func pending(
        _ state: UploadState, but skipped: [UploadID], of owners: [UserID], limit: Int
    ) async throws(FilesError) -> [UploadRecord] {
        try await query(
            """
            SELECT \(sql: UploadRecord.columns) FROM uploads JOIN (
                SELECT id AS next_id, row_number() OVER (PARTITION BY owner_id ORDER BY id) AS turn FROM uploads
                WHERE area = \(area) AND state IN ('finishing', 'joining') AND state = \(state.rawValue) AND owner_id <> ALL(\(owners))
                    AND NOT EXISTS (SELECT FROM unnest(\(skipped)) AS skipped (skipped_id) WHERE skipped_id = id)
                ORDER BY turn, id LIMIT \(limit)) AS next ON id = next_id
            ORDER BY turn, id
            """)
    }

    func query(_ sql: SQL) async throws(FilesError) -> [UploadRecord] {
        do throws(PostgresError) {
            return try UploadRecord.records(try await pool.query(sql))
        } catch {
            throw FilesError(reading: error)
        }
    }

    func execute(_ sql: SQL) async throws(FilesError) -> Int {
        do throws(PostgresError) {
            return try await pool.execute(sql)
        } catch {
            throw FilesError(reading: error)
        }
    }

    /// Whatever is asked of the store may be asked again, so that it does not matter whether it has been done.
    private static func repeatable(_ error: any Error) -> FilesError {
        (error as? PostgresError).map { FilesError(reading: $0) } ?? FilesError(error)
    }

    /// A row that has made its last step is taken once more, in case whoever made it did not hear of it. A checkpoint that comes late,
    /// because its connection was lost and the server went on, takes nothing back.
    private static func commit(
        _ batch: [Checkpoint], _ pool: PostgresPool, lifetime: Duration
    ) async -> [Result<Standing?, any Error>] {
        do {
            let rows = try await pool.query(
                """
                WITH picked AS (
                    SELECT id AS picked_id, reached, digest FROM uploads
                    JOIN unnest(\(batch.map(\.fence.id)), \(batch.map(\.fence.epoch)), \(batch.map(\.offset)), \(batch.map(\.chain.state)))
                        AS given (given_id, given_epoch, reached, digest) ON id = given_id AND epoch = given_epoch
                    WHERE (state IN ('open', 'joining', 'finishing') OR (state = 'complete' AND kind = 'part')) AND byte_offset <= reached
                    ORDER BY id FOR UPDATE OF uploads)
                UPDATE uploads SET byte_offset = reached, digest_state = digest,
                    state = CASE WHEN reached IS DISTINCT FROM length THEN state WHEN kind = 'part' THEN 'complete' ELSE 'finishing' END,
                    expires_at = CASE WHEN \(sql: isDue(lifetime)) THEN \(sql: lifetime.fromNow) ELSE expires_at END
                FROM picked WHERE id = picked_id RETURNING id, epoch, state, expires_at
                """)
            var standings: [UploadFence: Standing] = [:]
            for row in rows {
                standings[UploadFence(id: try row.decode(at: 0), epoch: try row.decode(at: 1))] = Standing(
                    state: try row.decode(at: 2), expiresAt: try row.decode(at: 3))
            }
            return batch.map { .success(standings[$0.fence]) }
        } catch {
            return batch.map { _ in .failure(error) }
        }
    }
}
