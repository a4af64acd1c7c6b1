public import Platform
import Postgres

extension SignIn {
    /// Ends a session at its user's wish.
    public func signOut(_ session: Session, _ visitor: Visitor) async throws(AccountsError) {
        try await sessions.end(session.ticket, .logout)
        if let user = session.user { try await audit.record(.signedOut, user.id, visitor.network) }
    }

    /// Ends all sessions of the user but the one that asks.
    ///
    /// - Returns: how many there were.
    @discardableResult
    public func endOthers(than session: Session, _ visitor: Visitor) async throws(AccountsError) -> Int {
        guard let user = session.user else { return 0 }
        let count = try await sessions.endAll(of: user.id, except: session.ticket, .elsewhere) ?? 0
        try await audit.record(.sessionsEnded, user.id, visitor.network, ["count": String(count)])
        return count
    }

    /// Ends one session of the list of the user who asks.
    ///
    /// - Returns: false when it is not there, or another user's.
    @discardableResult
    public func end(_ id: SessionSummary.ID, by session: Session, _ visitor: Visitor) async throws(AccountsError) -> Bool {
        guard let user = session.user, try await sessions.end(id, of: user.id) else { return false }
        try await audit.record(.sessionsEnded, user.id, visitor.network, ["count": "1"])
        return true
    }

    /// Locks a user out: sessions and codes end at once on all processes. API tokens open nothing new after a second, and what they have
    /// opened ends when it is asked about next: an event stream within seconds, an upload within half a minute.
    ///
    /// - Returns: false when there is no such user.
    public func disable(_ user: UserID) async throws(AccountsError) -> Bool {
        try await sessions.ending(user, .disabled) { () throws(AccountsError) in
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
    }

    /// Lets a user in again.
    ///
    /// - Returns: false when there is no such user.
    public func enable(_ user: UserID) async throws(AccountsError) -> Bool {
        try await database.transaction { sql throws(PostgresError) in
            guard try sql.execute("UPDATE users SET disabled_at = NULL WHERE id = \(user)") == 1 else { return false }
            try sql.execute(AuditLog.statement(.enabled, user, nil))
            return true
        }
    }
}
