import Platform
import Postgres

/// What users' files take, inside a transaction that changes it.
struct QuotaLedger {
    /// For those who have none of their own.
    let limits: QuotaLimits

    /// Locks the rows of those who have a quota, before any other row.
    func usage(of owners: Set<UserID>, _ session: borrowing PostgresSession) throws -> [UserID: QuotaUse] {
        let owners = owners.sorted { $0.rawValue < $1.rawValue }
        // Whoever gives a user the first quota waits for those who hold this, and so counts what they are about to add.
        if limits == .none { try session.execute("LOCK TABLE files IN ROW EXCLUSIVE MODE") }
        let usage = try locked(owners, session)
        guard limits != .none, usage.count < owners.count else { return usage }
        try session.execute(QuotaCount.insertion(of: owners.filter { usage[$0] == nil }))
        return try locked(owners, session)
    }

    /// Writes what they take now.
    static func note(_ usage: [UserID: QuotaUse], _ session: borrowing PostgresSession) throws {
        guard !usage.isEmpty else { return }
        let (owners, uses) = (Array(usage.keys), Array(usage.values))
        try session.execute(
            """
            UPDATE file_usage SET bytes = now_bytes, files = now_files, version = now_version
            FROM unnest(\(owners), \(uses.map(\.bytes)), \(uses.map(\.files)), \(uses.map(\.version)))
                AS now (owner, now_bytes, now_files, now_version)
            WHERE owner_id = owner
            """)
    }

    private func locked(_ owners: [UserID], _ session: borrowing PostgresSession) throws -> [UserID: QuotaUse] {
        var usage: [UserID: QuotaUse] = [:]
        for row in try session.query(
            "SELECT \(sql: QuotaUse.columns) FROM file_usage WHERE owner_id = ANY(\(owners)) ORDER BY owner_id FOR UPDATE")
        {
            usage[try row.decode("owner_id")] = try QuotaUse(row, limits: limits)
        }
        return usage
    }
}
