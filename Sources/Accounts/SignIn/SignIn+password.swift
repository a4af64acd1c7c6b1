public import Platform

/// What came of a change of password.
public enum PasswordChangeOutcome: Sendable {
    /// All other sessions have ended, and this one has a new identifier.
    case changed(Session)
    /// The password is changed, but this session has ended meanwhile, signed out from another one for instance.
    case changedAfterEnd
    /// Another change of the password came first, and this one has changed nothing. If the other one was made in this session, the
    /// session goes on under the identifier of the answer to that one; if not, it has ended.
    case overtaken
    /// The old password was wrong, or nobody is signed in.
    case refused
    case unacceptable(PasswordProblem)
    case throttled(retryAfter: Duration)
}

extension SignIn {
    /// Changes the password of the user who is signed in.
    ///
    /// API tokens go on: machines must not fail because a person changes the password. Uploads under way in this session go on as well,
    /// under its new identifier. `PasswordResets` is for whoever may have lost the account, and revokes the tokens.
    ///
    /// - Throws: `.busy`, `.database`, `.unavailable`.
    public func changePassword(
        from old: Secret, to new: Secret, in session: Session, _ visitor: Visitor
    ) async throws(AccountsError) -> PasswordChangeOutcome {
        guard let user = session.user, PasswordRules.isCheckable(old), let account = try await users.account(user.id) else {
            return .refused
        }
        if let problem = PasswordRules.problem(of: new, context: account.contextWords) { return .unacceptable(problem) }
        let proof: PasswordProof
        switch try await check(old, of: account, orRecord: .passwordChangeRefused, visitor) {
        case .right(let right): proof = right
        case .wrong: return try await failure(in: session, ifLive: .refused)
        case .throttled(let retryAfter): return .throttled(retryAfter: retryAfter)
        }
        let hash = try await hasher.hash(new, for: .known(user.id))
        let isChanged = try await sessions.ending(user.id, except: session.ticket, .password) { () throws(AccountsError) in
            try await passwords.replace(of: user.id, with: hash, by: .old(proof.password), network: visitor.network)
        }
        guard isChanged else { return try await failure(in: session, ifLive: .overtaken) }
        let next = try await sessions.advance(session.ticket, .renewed(user), for: visitor)
        return next.map { PasswordChangeOutcome.changed($0) } ?? .changedAfterEnd
    }

    /// Why nothing was changed: what has become of the session tells whether another change came first.
    private func failure(
        in session: Session, ifLive outcome: PasswordChangeOutcome
    ) async throws(AccountsError) -> PasswordChangeOutcome {
        switch try await sessions.touch(session.ticket, isActivity: false) {
        case .live: outcome
        case .gone(.replaced), .gone(.password): .overtaken
        case .gone: .refused
        }
    }
}
