import Cryptography
import FoundationEssentials
import Platform
import Postgres

/// The login codes on their way. What limits them is decided by single statements, so that no number of requests at the same
/// time changes the outcome.
struct ChallengeStore: Sendable {
    let database: Database
    let key: SignInKey

    /// What has to be true of the user when a code is made, seen under a lock on the user's row.
    enum Condition {
        /// The password that was checked is still the user's.
        case password(PasswordHash)
        /// This session has had a code, and the password was not changed since.
        case earlierCode
    }

    /// A new challenge, and what it has replaced.
    typealias Made = (challenge: LoginChallenge, replacement: Replacement<LoginChallengeID>)

    /// Makes a challenge, which voids the user's last one.
    ///
    /// - Returns: nil when the user was disabled, or the condition does not hold any more.
    func make(for user: UserID, session: SHA256Digest, if condition: Condition) async throws(AccountsError) -> Made? {
        let (id, nonce) = (LoginChallengeID(rawValue: UUIDv7()), RandomBytes.make(32))
        let lock: SQL =
            """
            SELECT email FROM users WHERE id = \(user) AND disabled_at IS NULL AND \(sql: Self.sql(condition, session)) FOR NO KEY UPDATE
            """
        return try await database.transaction { sql throws(PostgresError) in
            guard let owner = try sql.query(lock).first else { return nil }
            let replaced = try sql.query(
                "UPDATE login_challenges SET voided_at = now() WHERE user_id = \(user) AND \(sql: Self.isOpen) RETURNING id")
            // The clock and not the time of the transaction's begin: rows of one user are made one after the other, under the lock.
            let rows = try sql.query(
                """
                INSERT INTO login_challenges (id, nonce, user_id, session, created_at, expires_at)
                VALUES (\(id), \(nonce), \(user), \(session.bytes), clock_timestamp(),
                    clock_timestamp() + make_interval(secs => \(LoginChallenge.lifetime)))
                RETURNING \(sql: LoginChallenge.columns)
                """)
            guard let row = rows.first else { return nil }
            return (
                try LoginChallenge(row: row, address: try owner.decode("email")),
                Replacement(table: "login_challenges", id: id, replaced: try replaced.first?.decode("id", as: LoginChallengeID.self))
            )
        }
    }

    /// The code of a session that counts, though it may have expired; else the last one that did.
    func find(session: SHA256Digest, user: UserID) async throws(AccountsError) -> LoginChallenge? {
        try await database.query(
            """
            SELECT \(sql: LoginChallenge.columns), email
            FROM login_challenges JOIN users ON users.id = user_id
            WHERE session = \(session.bytes) AND user_id = \(user)
            ORDER BY is_open DESC, login_challenges.created_at DESC LIMIT 1
            """
        ) { row throws(PostgresError) in try LoginChallenge(row: row, address: try row.decode("email")) }.first
    }

    /// What a code was found to be.
    enum Finding {
        case right(LoginChallengeID)
        case wrong
        /// Compared with nothing: there is no code on its way that counts, or no try left.
        case late
    }

    /// Spends one of the tries that are left, and only then compares.
    func check(_ code: LoginCode, session: SHA256Digest, user: UserID) async throws(AccountsError) -> Finding {
        let challenge = try await database.query(
            """
            UPDATE login_challenges SET tries = tries + 1
            WHERE session = \(session.bytes) AND user_id = \(user) AND \(sql: Self.isUsable) RETURNING id, nonce
            """
        ) { row throws(PostgresError) in
            (id: try row.decode("id", as: LoginChallengeID.self), nonce: try row.decode("nonce", as: [UInt8].self))
        }.first
        guard let challenge else { return .late }
        return key.code(of: challenge.id, nonce: challenge.nonce, user: user) == code ? .right(challenge.id) : .wrong
    }

    /// Takes down what became of the mail of a challenge, as long as somebody may look for it.
    func note(_ delivery: MailDelivery, of id: LoginChallengeID) async throws(AccountsError) {
        try await database.execute(
            """
            UPDATE login_challenges SET delivery = \(delivery.rawValue)
            WHERE id = \(id) AND \(sql: Self.isOpen) AND delivery IS DISTINCT FROM \(delivery.rawValue)
            """)
    }

    /// Makes a challenge count no more.
    func void(_ id: LoginChallengeID) async throws(AccountsError) {
        try await database.execute("UPDATE login_challenges SET voided_at = now() WHERE id = \(id) AND \(sql: Self.isOpen)")
    }

    /// Uses a challenge up: no row when somebody was faster, another code was asked for, or the user was disabled.
    static func use(of id: LoginChallengeID) -> SQL {
        """
        UPDATE login_challenges SET used_at = now() FROM users
        WHERE login_challenges.id = \(id) AND \(sql: isOpen) AND users.id = user_id AND disabled_at IS NULL
        """
    }

    /// What to mail, and where; nil once there is no use in it.
    func mail(for id: LoginChallengeID) async throws(AccountsError) -> LoginMail? {
        try await database.query(
            """
            UPDATE login_challenges SET sent = least(sent + 1, 32767) FROM users
            WHERE login_challenges.id = \(id) AND \(sql: Self.isUsable) AND users.id = user_id AND disabled_at IS NULL
            RETURNING email, nonce, user_id, expires_at
            """
        ) { row throws(PostgresError) in
            LoginMail(
                address: try row.decode("email"),
                code: key.code(of: id, nonce: try row.decode("nonce"), user: try row.decode("user_id")),
                expiresAt: try row.decode("expires_at"))
        }.first
    }

    static let isOpen: SQL = "used_at IS NULL AND voided_at IS NULL"
    private static let isUsable: SQL = "\(sql: isOpen) AND tries < \(LoginChallenge.triesAllowed) AND expires_at > now()"

    private static func sql(_ condition: Condition, _ session: SHA256Digest) -> SQL {
        switch condition {
        case .password(let hash): "password = \(hash.text)"
        case .earlierCode:
            """
            EXISTS (
                SELECT FROM login_challenges WHERE session = \(session.bytes) AND user_id = users.id
                    AND created_at > coalesce(password_changed_at, '-infinity'))
            """
        }
    }
}

extension LoginChallenge {
    /// How long a mail takes while all is well, and then some.
    private static let patience: Double = 15

    /// What `init(row:address:)` reads. A mail that nobody has told anything of by then is late, be it that no worker runs; of a code that
    /// counts no more nothing is told.
    fileprivate static let columns: SQL =
        """
        login_challenges.id, least(expires_at, used_at, voided_at) AS expires_at, login_challenges.created_at, tries,
        (\(sql: ChallengeStore.isOpen)) AS is_open, CASE WHEN \(sql: ChallengeStore.isOpen) THEN coalesce(
            delivery, CASE WHEN login_challenges.created_at < clock_timestamp() - make_interval(secs => \(patience)) THEN 'delayed' END
        ) END AS delivery
        """

    fileprivate init(row: PostgresRow, address: String) throws(PostgresError) {
        let isOpen = try row.decode("is_open", as: Bool.self)
        let tries = isOpen ? try row.decode("tries", as: Int.self) : Self.triesAllowed
        self.init(
            id: try row.decode("id"), maskedAddress: UserText.masked(email: address), expiresAt: try row.decode("expires_at"),
            isOpen: isOpen, triesLeft: max(0, Self.triesAllowed - tries),
            resendAt: try row.decode("created_at", as: Date.self).addingTimeInterval(Self.resendInterval),
            delivery: try row.decode("delivery", as: String?.self).flatMap { MailDelivery(rawValue: $0) })
    }
}
