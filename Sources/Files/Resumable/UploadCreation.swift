import Platform
import Postgres

/// Makes the rows of a batch of new uploads in one transaction, and keeps to what one user may have open.
struct UploadCreation: Sendable {
    struct Order: Sendable {
        let draft: UploadDraft
        /// The answer to store with the row.
        let reply: ReplyCompletion?
    }

    /// Keeps the locks of this apart from those that others may take.
    private static let lockSpace: Int64 = 0x75706c6f616473

    let pool: PostgresPool
    let area: String
    let configuration: ResumableConfiguration

    /// - Returns: for each order its row, or why there is none.
    func commit(_ orders: [Order]) async -> [Result<UploadRecord, any Error>] {
        do {
            let (refusals, made) = try await pool.transaction { session in
                var open = try Self.lockAndCount(Set(orders.map(\.draft.owner)), session)
                let claims = try ReplyCompletion.lock(orders.compactMap { $0.reply?.claim }, session)
                let refusals = orders.map { refusal($0, claims, &open) }
                let admitted = zip(orders, refusals).filter { $1 == nil }.map(\.0)
                return (refusals, try add(admitted, session))
            }
            var records = made[...]
            return refusals.map { refusal in refusal.map { .failure($0) } ?? .success(records.removeFirst()) }
        } catch {
            return orders.map { _ in .failure(error) }
        }
    }

    private func refusal(_ order: Order, _ claims: Set<UUIDv7>, _ open: inout [UserID: Int]) -> FilesError? {
        if let reply = order.reply, !claims.contains(reply.claim.id) { return .requestTakenOver }
        let draft = order.draft
        guard draft.kind == .part || draft.state == .open else { return nil }
        guard open[draft.owner, default: 0] < configuration.maximumOpen else {
            return .tooManyUploads(maximum: configuration.maximumOpen)
        }
        open[draft.owner, default: 0] += 1
        return nil
    }

    /// - Returns: in the order of `orders`.
    private func add(_ orders: [Order], _ session: borrowing PostgresSession) throws -> [UploadRecord] {
        guard !orders.isEmpty else { return [] }
        let made = try UploadRecord.records(
            try session.query(
                UploadInsertion.statement(
                    for: orders.map(\.draft), files: orders.map { _ in nil }, area: area, lifetime: configuration.lifetime)))
        for reply in orders.compactMap(\.reply) { try session.execute(reply.storing) }
        let records = Dictionary(made.map { ($0.id, $0) }) { first, _ in first }
        return try orders.map { order in
            guard let record = records[order.draft.id] else { throw FilesError(.storage, "the row of a new upload has vanished") }
            return record
        }
    }

    /// How many uploads each owner has open, parts that nothing was made of among them. Nobody else creates one for them until the
    /// transaction ends.
    private static func lockAndCount(_ owners: Set<UserID>, _ session: borrowing PostgresSession) throws -> [UserID: Int] {
        for owner in owners.sorted(by: { $0.rawValue < $1.rawValue }) {
            try session.execute("SELECT pg_advisory_xact_lock(hashint8extended(\(owner), \(lockSpace)))")
        }
        var open: [UserID: Int] = [:]
        for row in try session.query(
            """
            SELECT owner_id, count(*) FROM uploads WHERE owner_id = ANY(\(Array(owners))) AND \(sql: UploadRecord.isOpen)
            GROUP BY owner_id
            """)
        {
            open[try row.decode(at: 0)] = try row.decode(at: 1, as: Int.self)
        }
        return open
    }
}
