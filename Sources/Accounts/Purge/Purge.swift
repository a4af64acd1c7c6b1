import Platform
public import Postgres
public import Redis

/// Removes what has served its time, in batches that hold up nobody.
///
/// Nothing depends on it but the size of the stores: what has expired counts for nothing whether it is still there or not.
public struct Purge: Sendable {
    private let database: Database
    private let redis: ScriptRunner
    private let batch: Int
    private let batches: Int

    /// - Parameters:
    ///   - batch: rows per statement, and keys per look at Redis.
    ///   - batches: how many of each kind one run does at most.
    public init(pool: PostgresPool, redis: RedisClient, batch: Int = 1000, batches: Int = 100) {
        precondition(batch > 0 && batches > 0, "a purge needs room for something")
        database = Database(pool: pool)
        self.redis = ScriptRunner(client: redis)
        self.batch = batch
        self.batches = batches
    }

    /// - Throws: `.database`, `.unavailable`, `.cancelled`; what was removed until then stays removed.
    public func runOnce() async throws(AccountsError) -> PurgeReport {
        var report = PurgeReport()
        // Expired codes stay for an hour: whether a session had one decides whether it may ask for another.
        report.challenges = try await rows("login_challenges", "expires_at < now() - interval '1 hour'", &report)
        report.resets = try await rows("password_resets", "expires_at < now()", &report)
        report.notices = try await rows("registration_notices", "expires_at < now()", &report)
        report.devices = try await rows("known_devices", "last_used_at < now() - interval '180 days'", &report)
        report.auditEvents = try await rows("audit_events", "at < now() - interval '90 days'", &report)
        report.lockedSessions = try await endSessionsOfDisabled()
        try await sweep(&report)
        return report
    }

    /// Ends what is left of sessions of disabled users: Redis may have been away when they were disabled.
    private func endSessionsOfDisabled() async throws(AccountsError) -> Int {
        let users = try await database.query(
            "SELECT id FROM users WHERE disabled_at IS NOT NULL ORDER BY disabled_at DESC LIMIT \(batch)"
        ) { row throws(PostgresError) in try row.decode("id", as: UserID.self) }
        let endings = SessionEndings(redis: redis)
        var count = 0
        for user in users { count += try await endings.all(of: user, .disabled) ?? 0 }
        return count
    }

    private func rows(_ table: String, _ condition: String, _ report: inout PurgeReport) async throws(AccountsError) -> Int {
        var count = 0
        for _ in 0..<batches {
            let removed = try await database.execute(
                """
                DELETE FROM \(unsafeRaw: table) WHERE ctid = ANY(ARRAY(
                    SELECT ctid FROM \(unsafeRaw: table) WHERE \(unsafeRaw: condition) LIMIT \(batch) FOR UPDATE SKIP LOCKED))
                """)
            count += removed
            if removed < batch { return count }
        }
        report.isPartial = true
        return count
    }

    private func sweep(_ report: inout PurgeReport) async throws(AccountsError) {
        for _ in 0..<batches {
            let reply = try await redis.integers(
                RedisScripts.sweep, keys: [RedisKeys.sweep],
                [
                    RedisArgument(batch), RedisArgument(RedisKeys.tag), RedisArgument(RedisKeys.session), RedisArgument(RedisKeys.index),
                ])
            guard reply.count == 3 else { throw redis.unexpected(RedisScripts.sweep) }
            report.sessionEntries += Int(reply[1])
            report.endlessKeys += Int(reply[2])
            if reply[0] == 1 { return }
        }
        report.isPartial = true
    }
}
