public import Platform
public import Postgres
public import Redis

/// What came of locking a user out.
public enum LockOutcome: Sendable, Hashable {
    /// The user is out everywhere, and had so many sessions, those that awaited a code included.
    case locked(sessions: Int)
    /// The user is disabled, but Redis did not answer: sessions that are open there were not ended.
    case sessionsLeft
}

/// What the operator does to users. It is on record with `operator` where others have a network.
public struct UserAdministration: Sendable {
    private let database: Database
    private let endings: SessionEndings
    private let audit: AuditLog

    public init(pool: PostgresPool, redis: RedisClient) {
        database = Database(pool: pool)
        endings = SessionEndings(redis: ScriptRunner(client: redis))
        audit = AuditLog(pool: pool)
    }

    /// Adds a user without a password, who has only API tokens.
    ///
    /// - Throws: `.badName`, `.badEmail`, `.nameTaken`, `.emailTaken`, `.database`.
    public func add(name: String, email: String, isAdmin: Bool) async throws(AccountsError) -> User {
        try UserStore.check(name: name, email: email, fullName: "")
        return try await database.transaction { sql throws(PostgresError) in
            let insertion = UserStore.insertion(name: name, email: email, fullName: "", password: nil, isAdmin: isAdmin)
            let rows = try sql.query("\(sql: insertion) RETURNING \(sql: User.columns)")
            guard let row = rows.first else { throw PostgresError(.decoding, "the new user was not returned") }
            let user = try User(row: row)
            try sql.execute(AuditLog.statement(.registered, user.id, nil, isAdmin ? ["admin": "yes"] : [:]))
            return user
        }
    }

    /// Locks a user out: sessions and codes end at once on all processes. API tokens open nothing new after a second, and what they have
    /// opened ends when it is asked about next: an event stream within seconds, an upload within half a minute.
    ///
    /// Sessions are ended before Postgres is told and after it again, for those that were opened meanwhile: wherever this stops, all
    /// that may be left of a disabled user is a session opened in between, which `Purge` ends. A Redis that does not answer keeps nobody from being disabled, since tokens work without
    /// it: its sessions let nobody in while it is away, and are ended by the same call later, or by `Purge` once it is back.
    ///
    /// - Returns: nil when there is no such user.
    /// - Throws: `.database`: the user is not disabled.
    public func disable(_ user: UserID) async throws(AccountsError) -> LockOutcome? {
        let before = try await answer { () async throws(AccountsError) in try await end(user) }
        return try await shielded { () async throws(AccountsError) in
            guard try await lock(user) else { return nil }
            let after = try await answer { () async throws(AccountsError) in
                // A Redis that was away is asked once more, and not waited for.
                before == nil ? try await end(user) : try await persistently { () async throws(AccountsError) in try await end(user) }
            }
            return after.map { .locked(sessions: (before ?? 0) + $0) } ?? .sessionsLeft
        }
    }

    /// Lets a user in again, by the password and the tokens that there were; sessions and codes stay ended.
    ///
    /// - Returns: false when there is no such user.
    public func enable(_ user: UserID) async throws(AccountsError) -> Bool {
        try await database.transaction { sql throws(PostgresError) in
            guard try sql.execute("UPDATE users SET disabled_at = NULL WHERE id = \(user)") == 1 else { return false }
            try sql.execute(AuditLog.statement(.enabled, user, nil))
            return true
        }
    }

    /// Ends all sessions of a user, who may sign in again; API tokens go on.
    ///
    /// - Returns: how many there were, those that awaited a code included.
    /// - Throws: `.unavailable`: Redis did not say whether they were ended; the same call again does no harm.
    public func endSessions(of user: UserID) async throws(AccountsError) -> Int {
        try await shielded { () async throws(AccountsError) in
            let count = try await persistently { () async throws(AccountsError) in try await endings.all(of: user, .byOperator) ?? 0 }
            try await audit.record(.sessionsEnded, user, nil, ["count": String(count)])
            return count
        }
    }

    private func end(_ user: UserID) async throws(AccountsError) -> Int {
        try await endings.all(of: user, .disabled) ?? 0
    }

    private func lock(_ user: UserID) async throws(AccountsError) -> Bool {
        try await database.transaction { sql throws(PostgresError) in
            let found = try sql.execute("UPDATE users SET disabled_at = coalesce(disabled_at, now()) WHERE id = \(user)")
            guard found == 1 else { return false }
            // Removed and not voided: a session that has had a code may ask for another one, and this one must not, even if the
            // user is enabled again.
            try sql.execute("DELETE FROM login_challenges WHERE user_id = \(user)")
            try sql.execute("UPDATE password_resets SET voided_at = now() WHERE user_id = \(user) AND \(sql: ResetStore.isOpen)")
            try sql.execute(AuditLog.statement(.disabled, user, nil))
            return true
        }
    }

    /// What Redis answers; nil when it does not.
    private func answer<T>(_ ask: () async throws(AccountsError) -> T) async throws(AccountsError) -> T? {
        do throws(AccountsError) {
            return try await ask()
        } catch {
            guard error.code == .unavailable else { throw error }
            return nil
        }
    }
}
