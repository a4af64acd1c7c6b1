import Platform
public import Postgres

/// Signing in, step by step: password and captcha, then a code from one's mail, then a session; and all that ends it.
///
///     anonymous ── begin ──▶ awaiting the code ── confirm ──▶ signed in
///
/// The identifier of the session changes with each step; before the first one no store knows of it. Whether a user exists, is locked or
/// disabled shows in no answer and not in the work that goes before it. Whatever Redis or Postgres cannot say counts as no.
public struct SignIn: Sendable {
    /// Has a mail sent, by a job that calls `mail(for:)`.
    public typealias Announce = @Sendable (LoginChallengeID) async throws -> Void

    public let sessions: SessionStore
    public let captchas: CaptchaStore
    public let users: UserStore
    public let audit: AuditLog
    let challenges: ChallengeStore
    let passwords: PasswordStore
    let throttle: Throttle
    let database: Database
    let hasher: PasswordHasher
    let key: SignInKey
    let announce: Announce

    /// - Parameter announce: has the mail of a challenge sent. What it throws fails the step that needed the mail.
    public init(
        pool: PostgresPool, sessions: SessionStore, captchas: CaptchaStore, hasher: PasswordHasher, key: SignInKey,
        announce: @escaping Announce
    ) {
        database = Database(pool: pool)
        users = UserStore(pool: pool)
        audit = AuditLog(pool: pool)
        challenges = ChallengeStore(database: database, key: key)
        throttle = Throttle(client: sessions.client)
        passwords = PasswordStore(database: database, throttle: throttle)
        self.sessions = sessions
        self.captchas = captchas
        self.hasher = hasher
        self.key = key
        self.announce = announce
    }

    /// What to mail, and where; nil once the code was used, voided by another one, has no tries left or has expired.
    public func mail(for id: LoginChallengeID) async throws(AccountsError) -> LoginMail? {
        try await challenges.mail(for: id)
    }

    /// Takes down what became of the mail of a code. Only the session that waits for the code is told.
    public func note(_ delivery: MailDelivery, of id: LoginChallengeID) async throws(AccountsError) {
        try await challenges.note(delivery, of: id)
    }

    /// The code that a session waits for, for the page that asks for it. One that was used or replaced is shown like one without tries,
    /// since nobody learns which it is; nil when there was none.
    public func challenge(of session: Session) async throws(AccountsError) -> LoginChallenge? {
        guard case .awaitingCode(let user) = session.state else { return nil }
        return try await challenges.find(session: session.ticket.digest, user: user.id)
    }
}
