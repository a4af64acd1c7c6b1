public import Platform

/// That a user has typed their password just now: the right to make what outlasts the session.
public struct PasswordProof: Sendable {
    public let user: UserID
    /// The password that it was. It counts as long as it is the user's.
    let password: PasswordHash
    let network: NetworkAddress
}

/// What came of asking for the password once more.
public enum PasswordCheck: Sendable {
    case right(PasswordProof)
    /// It was wrong, or nobody is signed in.
    case wrong
    case throttled(retryAfter: Duration)
}

extension SignIn {
    /// Checks the password of the user who is signed in, before something that a session alone is no right to. All such guesses count in
    /// one lane.
    ///
    /// - Parameter refusal: what a wrong one is in the audit log.
    /// - Throws: `.busy`, `.database`, `.unavailable`.
    public func check(
        _ password: Secret, orRecord refusal: AuditEvent.Kind, in session: Session, _ visitor: Visitor
    ) async throws(AccountsError) -> PasswordCheck {
        guard let user = session.user, PasswordRules.isCheckable(password), let account = try await users.account(user.id) else {
            return .wrong
        }
        return try await check(password, of: account, orRecord: refusal, visitor)
    }

    func check(
        _ password: Secret, of account: Account, orRecord refusal: AuditEvent.Kind, _ visitor: Visitor
    ) async throws(AccountsError) -> PasswordCheck {
        let user = account.user.id
        let lane: Throttle.Lane = (.passwordChange, .user(user))
        if let refusal = try await throttle.take([lane]) { return .throttled(retryAfter: refusal.retryAfter) }
        let isRight = try await throttle.spending([lane]) { () async throws(AccountsError) in
            try await hasher.verify(password, against: account.password, for: .known(user))
        }
        guard isRight, let stored = account.password else {
            try await audit.record(refusal, user, visitor.network)
            return .wrong
        }
        try await throttle.giveBack([lane])
        return .right(PasswordProof(user: user, password: stored, network: visitor.network))
    }
}
