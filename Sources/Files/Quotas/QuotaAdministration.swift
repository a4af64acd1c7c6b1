public import Platform
public import Postgres

/// What operators do about quotas.
public struct QuotaAdministration: Sendable {
    /// A limit as it is set for one user.
    public enum Limit: Sendable, Hashable {
        /// As the settings say.
        case standard
        /// None, whatever the settings say.
        case unlimited
        case most(Int64)
    }

    private let pool: PostgresPool
    private let limits: QuotaLimits

    /// - Parameter limits: for those who have none of their own.
    public init(pool: PostgresPool, limits: QuotaLimits) {
        self.pool = pool
        self.limits = limits
    }

    /// What a user's files take, and what they may; nil without a quota.
    public func find(_ owner: UserID) async throws(FilesError) -> QuotaUse? {
        try await QuotaStore(pool: pool, limits: limits).find(owner)
    }

    /// Sets limits of a user; nil leaves one as it is. Files that are there stay, also when they are more than that.
    ///
    /// Uploads are refused by the new limits at once when they are accepted, and before their bytes some seconds later.
    public func set(bytes: Limit?, files: Limit?, for owner: UserID) async throws -> QuotaUse? {
        // From now on whoever adds or deletes files sees the row. Those who began before are waited for, then all is counted.
        try await pool.execute("INSERT INTO file_usage (owner_id, bytes, files) VALUES (\(owner), 0, 0) ON CONFLICT DO NOTHING")
        try await pool.transaction { session in _ = try session.execute("LOCK TABLE files IN SHARE MODE") }
        return try await recount(owner, setting: bytes, files)?.now
    }

    /// Users with a quota, in the order of their numbers.
    public func owners(after position: UserID?, limit: Int) async throws -> [UserID] {
        try await pool.query(
            "SELECT owner_id FROM file_usage WHERE owner_id > \(position?.rawValue ?? Int64.min) ORDER BY owner_id LIMIT \(limit)"
        ).map { try $0.decode(at: 0) }
    }

    /// Counts a user's files anew.
    ///
    /// - Returns: what was noted, and what is true; nil without a quota.
    public func recount(_ owner: UserID) async throws -> (before: QuotaUse, now: QuotaUse)? {
        try await recount(owner, setting: nil, nil)
    }

    private func recount(_ owner: UserID, setting bytes: Limit?, _ files: Limit?) async throws -> (before: QuotaUse, now: QuotaUse)? {
        let limits = limits
        return try await pool.transaction { session in
            let locked = try session.query("SELECT \(sql: QuotaUse.columns) FROM file_usage WHERE owner_id = \(owner) FOR UPDATE")
            guard let row = locked.first else { return nil }
            let before = try QuotaUse(row, limits: limits)
            let (ownBytes, ownFiles) = (try row.decode("byte_limit", as: Int64?.self), try row.decode("file_limit", as: Int64?.self))
            // A statement of its own: it sees all that was committed by whoever had the lock before.
            let now = try session.query(
                """
                UPDATE file_usage SET bytes = had_bytes, files = had_files, version = version + 1,
                    byte_limit = \(bytes.map(\.column) ?? ownBytes), file_limit = \(files.map(\.column) ?? ownFiles)
                FROM (
                    SELECT coalesce(sum(size), 0)::bigint AS had_bytes, count(*) AS had_files FROM (
                        SELECT owner_id, size FROM files WHERE owner_id = \(owner) AND state <> 'deleting'
                        UNION ALL \(sql: QuotaCount.joining(of: [owner]))) AS counted) AS had
                WHERE owner_id = \(owner) RETURNING \(sql: QuotaUse.columns)
                """)
            return (before: before, now: try QuotaUse(now[0], limits: limits))
        }
    }
}

extension QuotaAdministration.Limit {
    fileprivate var column: Int64? {
        switch self {
        case .standard: nil
        case .unlimited: QuotaUse.noLimit
        case .most(let most): most
        }
    }
}
