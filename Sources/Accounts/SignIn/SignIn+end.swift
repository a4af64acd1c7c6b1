import Platform

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
}
