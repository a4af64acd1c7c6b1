public import Platform

/// What somebody typed into the login form.
public struct LoginAttempt: Sendable {
    /// A user name or an address.
    public var login: String
    /// As it was received.
    public var password: Secret
    public var captcha: CaptchaID
    public var answer: String

    public init(login: String, password: Secret, captcha: CaptchaID, answer: String) {
        (self.login, self.password, self.captcha, self.answer) = (login, password, captcha, answer)
    }
}

/// What came of it.
public enum LoginOutcome: Sendable {
    /// A code is on its way. The session takes the place of the one before.
    case challenged(Session, LoginChallenge)
    /// The captcha was not solved. Nothing else was looked at.
    case unsolved
    /// No such user, wrong password, too many wrong ones, or disabled: nobody learns which.
    case refused
    /// Too many attempts from this network, too many answers to captchas, or too many mails.
    case throttled(retryAfter: Duration)
}

extension SignIn {
    /// The first step: user, password and captcha.
    ///
    /// - Parameter session: in which nobody is signed in. It goes on as it is unless the answer has another one.
    /// - Throws: `.busy`, `.database`, `.unavailable`, and what `announce` throws.
    public func begin(_ attempt: LoginAttempt, in session: Session, _ visitor: Visitor) async throws -> LoginOutcome {
        guard session.user == nil else { return .refused }
        switch try await captchas.answer(attempt.captcha, with: attempt.answer, for: session, visitor) {
        case .right: break
        case .wrong: return .unsolved
        case .throttled(let retryAfter): return .throttled(retryAfter: retryAfter)
        }
        guard PasswordRules.isCheckable(attempt.password) else {
            try await audit.record(.loginRefused, nil, visitor.network, ["reason": "length"])
            return .refused
        }
        let account = try await users.account(login: attempt.login, device: visitor.deviceToken)
        let lanes = lanes(for: account, attempt.login, visitor)
        // In a call of its own: what a lane of the account refuses has to count here as well, or the count would tell which names exist.
        // This refusal says nothing about the user, so it may be told, and costs no hash.
        if let refusal = try await throttle.take(lanes.network) {
            try await audit.record(.loginRefused, account?.user.id, visitor.network, ["reason": "network"])
            return .throttled(retryAfter: refusal.retryAfter)
        }
        let refusal = try await throttle.take(lanes.own)
        let isRight = try await throttle.spending(lanes.network + (refusal == nil ? lanes.own : [])) { () async throws(AccountsError) in
            try await hasher.verify(
                attempt.password, against: account?.password, for: Self.asker(account, isRefused: refusal != nil))
        }
        guard isRight, refusal == nil, let account, let hash = account.password, !account.user.isDisabled else {
            try await audit.record(
                .loginRefused, account?.user.id, visitor.network, ["reason": refusal?.rule.name ?? (isRight ? "disabled" : "credentials")])
            return .refused
        }
        try await throttle.giveBack(lanes.network + lanes.own)
        return try await challenge(account, hash, session, visitor)
    }

    /// The password was right: on to the code.
    private func challenge(
        _ account: Account, _ password: PasswordHash, _ session: Session, _ visitor: Visitor
    ) async throws -> LoginOutcome {
        let user = SignedInUser(id: account.user.id, name: account.user.name)
        if let refusal = try await throttle.take(Self.mailLanes(user.id, account.knowsDevice, visitor)) {
            return .throttled(retryAfter: refusal.retryAfter)
        }
        let next = OpaqueToken()
        guard let made = try await challenges.make(for: user.id, session: next.digest, if: .password(password)) else {
            return .refused
        }
        _ = try await throttle.take([(.codeOfSession, .session(next.digest))])
        try await send(made, to: user.id, visitor)
        // Last, so that no fault leaves the browser without a session. If the password was changed or the user disabled since the code
        // was made, the session finds it void and can ask for no other.
        guard let awaiting = try await sessions.advance(session.ticket, .passwordGiven(user), as: next, for: visitor) else {
            try await challenges.void(made.challenge.id)
            return .refused
        }
        return .challenged(awaiting, made.challenge)
    }

    /// Has the mail of a code sent; if that fails, the code before it goes on to count.
    func send(_ made: ChallengeStore.Made, to user: UserID, _ visitor: Visitor) async throws {
        try await database.keeping(made.replacement) {
            try await audit.record(.codeSent, user, visitor.network)
            try await announce(made.challenge.id)
        }
    }

    /// Whoever tries too often is hashed for with the strangers, so that a known browser is no way to hold up others.
    private static func asker(_ account: Account?, isRefused: Bool) -> HashAsker {
        guard let account, account.knowsDevice, !isRefused else { return .stranger }
        return .known(account.user.id)
    }

    /// What an attempt counts against.
    ///
    /// A browser in which the user has signed in before has one lane of its own and no other, so that neither guesses from elsewhere nor
    /// a neighbour in the same network can lock its owner out.
    private func lanes(
        for account: Account?, _ login: String, _ visitor: Visitor
    ) -> (network: [Throttle.Lane], own: [Throttle.Lane]) {
        if let account, account.knowsDevice, let device = visitor.deviceToken {
            return ([], [(.loginOnDevice, .userOnDevice(account.user.id, device))])
        }
        let network: [Throttle.Lane] = [(.loginsOfNetwork, .network(visitor.network))]
        if let id = account?.user.id {
            return (network, [(.loginFromNetwork, .userInNetwork(id, visitor.network)), (.loginOfUser, .user(id))])
        }
        // What is no name at all, such as nothing, is nobody's.
        guard UserText.isLogin(login) else { return (network, []) }
        return (network, [(.loginFromNetwork, .stranger(key.lane(of: login), visitor.network))])
    }

    static func mailLanes(_ user: UserID, _ knowsDevice: Bool, _ visitor: Visitor) -> [Throttle.Lane] {
        let network = ThrottleSubject.network(visitor.network)
        return knowsDevice
            ? [(.codesOfKnownInNetwork, network), (.codesOfKnown, .user(user)), (.codesOfKnownInAll, .everybody)]
            : [(.mailsOfNetwork, network), (.codesOfUser, .user(user)), (.codesInAll, .everybody)]
    }
}
