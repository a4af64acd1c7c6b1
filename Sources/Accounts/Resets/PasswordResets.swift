public import Platform
public import Postgres

/// Setting a new password without the old one, by a link that is mailed to the user's stored address.
///
/// It does not sign in: that takes the new password and a code, as ever.
public struct PasswordResets: Sendable {
    /// Has a mail sent, by a job that calls `mail(for:)`.
    public typealias Announce = @Sendable (PasswordResetID) async throws -> Void

    private let users: UserStore
    private let passwords: PasswordStore
    private let resets: ResetStore
    private let sessions: SessionStore
    private let throttle: Throttle
    private let audit: AuditLog
    private let hasher: PasswordHasher
    private let key: SignInKey
    private let announce: Announce

    public init(pool: PostgresPool, sessions: SessionStore, hasher: PasswordHasher, key: SignInKey, announce: @escaping Announce) {
        let database = Database(pool: pool)
        users = UserStore(pool: pool)
        throttle = Throttle(client: sessions.client)
        passwords = PasswordStore(database: database, throttle: throttle)
        resets = ResetStore(database: database, key: key)
        audit = AuditLog(pool: pool)
        self.sessions = sessions
        self.hasher = hasher
        self.key = key
        self.announce = announce
    }

    public enum Request: Sendable {
        /// A mail is sent if somebody has this name or address, and has not been sent too many. Who asked does not learn whether.
        case accepted
        case throttled(retryAfter: Duration)
    }

    /// Asks for a link.
    ///
    /// Whether a refusal is told depends on what was typed and from where, and never on whose it is.
    ///
    /// - Parameter login: a user name or an address.
    /// - Throws: `.database`, `.unavailable`, and what `announce` throws.
    public func request(login: String, visitor: Visitor) async throws -> Request {
        let typed = ThrottleSubject.text(key.lane(of: login))
        // Others may ask for links to the same user: these limits are apart from the ones that signing in needs.
        if let refusal = try await throttle.take([(.resetsOfText, typed), (.mailsOfNetwork, .network(visitor.network))]) {
            return .throttled(retryAfter: refusal.retryAfter)
        }
        let owner = try await resets.owner(login: login)
        // For nobody as well, so that the answer takes the same time, but in lanes of nobody's: names that are made up use up no mail.
        let spent = try await throttle.take([
            (.resetsOfUser, owner.map { .user($0) } ?? typed), (.resetsInAll, owner == nil ? .nobody : .everybody),
        ])
        let made = try await resets.make(for: spent == nil ? owner : nil)
        let detail: KeyValuePairs<String, String> = if let spent { ["reason": spent.rule.name] } else { [:] }
        try await audit.record(.resetRequested, owner, visitor.network, detail)
        try await resets.keeping(made) { try await announce(made.id) }
        return .accepted
    }

    /// Whose password a link sets, for the page it leads to: the address, masked. Nil for a link that does not work or no longer.
    public func maskedAddress(of token: OpaqueToken) async throws(AccountsError) -> String? {
        try await resets.address(of: token).map { UserText.masked(email: $0) }
    }

    public enum Completion: Sendable {
        /// - Parameter device: a cookie to keep for half a year. Who has read the mail is let in through a lane of their own, which guesses
        ///   from elsewhere cannot fill.
        case done(device: OpaqueToken)
        /// The link was used or voided, has expired, or never was one.
        case refused
        case unacceptable(PasswordProblem)
    }

    /// Sets the password, ends all sessions of the user and revokes all API tokens: whoever needs a new password may have lost the account
    /// to somebody, and a token made by that one would outlive the reset.
    ///
    /// - Parameter password: as it was received.
    /// - Throws: `.busy`, `.database`, `.unavailable`.
    public func complete(_ token: OpaqueToken, password: Secret, visitor: Visitor) async throws(AccountsError) -> Completion {
        guard let id = try await resets.owner(of: token), let account = try await users.account(id) else { return .refused }
        if let problem = PasswordRules.problem(of: password, context: account.contextWords) { return .unacceptable(problem) }
        let hash = try await hasher.hash(password, for: .known(id))
        let browser = OpaqueToken()
        let isDone = try await sessions.ending(id, .password) { () throws(AccountsError) in
            try await passwords.replace(of: id, with: hash, by: .reset(token, browser: browser), network: visitor.network)
        }
        return isDone ? .done(device: browser) : .refused
    }

    /// What to mail, and where; nil when there is nobody to mail it to, or no use in it any more.
    public func mail(for id: PasswordResetID) async throws(AccountsError) -> ResetMail? {
        try await resets.mail(for: id)
    }
}
