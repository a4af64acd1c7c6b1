import Platform
import Postgres

/// What came of a code.
public enum CodeOutcome: Sendable {
    /// The session takes the place of the one before.
    ///
    /// - Parameter device: a cookie to keep for half a year, for a browser that has none of this user.
    case signedIn(Session, device: OpaqueToken?)
    /// Wrong, used, replaced by another one, expired, out of tries, or of another session: nobody learns which.
    case refused
}

/// What came of asking for another code.
public enum ResendOutcome: Sendable {
    /// It is on its way, and the one before counts no more.
    case sent(LoginChallenge)
    case throttled(retryAfter: Duration)
    /// This session waits for no code.
    case refused
}

extension SignIn {
    /// The second step: the code from the mail.
    ///
    /// - Throws: `.database`, `.unavailable`.
    public func confirm(_ text: String, in session: Session, _ visitor: Visitor) async throws(AccountsError) -> CodeOutcome {
        guard case .awaitingCode(let user) = session.state, let code = LoginCode(text) else { return .refused }
        switch try await challenges.check(code, session: session.ticket.digest, user: user.id) {
        case .right(let id):
            guard let entry = try await enter(user.id, with: id, visitor) else { return try await refuse(user, "used", visitor) }
            return try await advance(session, user, entry, visitor)
        case .wrong: return try await refuse(user, "wrong", visitor)
        case .late:
            // Costs no try, so that of these a few have to do for the record.
            guard try await throttle.take([(.lateCodes, .session(session.ticket.digest))]) == nil else { return .refused }
            return try await refuse(user, "late", visitor)
        }
    }

    private func refuse(_ user: SignedInUser, _ reason: String, _ visitor: Visitor) async throws(AccountsError) -> CodeOutcome {
        try await audit.record(.codeRefused, user.id, visitor.network, ["reason": reason])
        return .refused
    }

    private func advance(
        _ session: Session, _ user: SignedInUser, _ entry: Entry, _ visitor: Visitor
    ) async throws(AccountsError) -> CodeOutcome {
        // Last, so that no fault of what belongs to it leaves a browser without a session. Refused if the session has ended since it was
        // looked at, for instance because the user was disabled.
        guard let next = try await sessions.advance(session.ticket, .codeGiven(user), for: visitor) else {
            return try await refuse(user, "session", visitor)
        }
        return .signedIn(next, device: entry.device)
    }

    /// Uses up a challenge, together with all that Postgres knows of the entry: a fault leaves the code as it was.
    ///
    /// - Returns: nil when somebody was faster, another code was asked for, or the user was disabled.
    private func enter(
        _ user: UserID, with id: LoginChallengeID, _ visitor: Visitor
    ) async throws(AccountsError) -> Entry? {
        try await database.transaction { sql throws(PostgresError) in
            guard try sql.execute(ChallengeStore.use(of: id)) == 1 else { return nil }
            let device = try DeviceStore.remember(visitor.deviceToken, of: user, sql)
            try sql.execute(AuditLog.statement(.signedIn, user, visitor.network))
            return Entry(device: device)
        }
    }

    /// Sends another code.
    ///
    /// - Throws: `.database`, `.unavailable`, and what `announce` throws.
    public func resend(in session: Session, _ visitor: Visitor) async throws -> ResendOutcome {
        guard case .awaitingCode(let user) = session.state else { return .refused }
        let account = try await users.account(user.id, device: visitor.deviceToken)
        let lanes =
            [(.codeOfSession, .session(session.ticket.digest))] + Self.mailLanes(user.id, account?.knowsDevice ?? false, visitor)
        if let refusal = try await throttle.take(lanes) { return .throttled(retryAfter: refusal.retryAfter) }
        guard let made = try await challenges.make(for: user.id, session: session.ticket.digest, if: .earlierCode) else {
            return .refused
        }
        try await send(made, to: user.id, visitor)
        return .sent(made.challenge)
    }

    /// What belongs to a session that is about to begin.
    private struct Entry {
        let device: OpaqueToken?
    }
}
