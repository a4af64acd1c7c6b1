import Cryptography
import FoundationEssentials
import Platform
import Postgres

/// The links on their way with which a password can be set.
struct ResetStore: Sendable {
    static let lifetime: Double = 30 * 60
    static let isOpen: SQL = "used_at IS NULL AND voided_at IS NULL"
    static let isUsable: SQL = "\(sql: isOpen) AND expires_at > now()"

    let database: Database
    let key: SignInKey

    /// Whose name or address this is, in any case, unless the user is disabled.
    ///
    /// One query whatever the text is. An address is looked for as it is written and a name in any width, since of two addresses that
    /// look alike one may be somebody else's.
    func owner(login: String) async throws(AccountsError) -> UserID? {
        let column: SQL = EmailAddress(login) == nil ? "name" : "email"
        let text = EmailAddress(login) != nil || UserText.isName(login) ? login : ""
        return try await database.query(
            """
            SELECT id FROM users
            WHERE lower(normalize(\(sql: column), NFKC)) = lower(normalize(\(text)::text, NFKC)) AND disabled_at IS NULL
            """
        ) { row throws(PostgresError) in try row.decode("id", as: UserID.self) }.first
    }

    /// Makes a link for a user, which voids the user's last one. For nobody a row is made as well, in the same way, so that the answer
    /// takes the same time.
    func make(for user: UserID?) async throws(AccountsError) -> Replacement<PasswordResetID> {
        let (id, nonce, key) = (PasswordResetID(rawValue: UUIDv7()), RandomBytes.make(32), key)
        return try await database.transaction { sql throws(PostgresError) in
            let owner = try sql.query("SELECT id FROM users WHERE id = \(user as UserID?) AND disabled_at IS NULL FOR NO KEY UPDATE")
                .first?.decode("id", as: UserID.self)
            let token = key.token(of: id, nonce: nonce, user: owner)
            let replaced = try sql.query(
                "UPDATE password_resets SET voided_at = now() WHERE user_id = \(owner as UserID?) AND \(sql: Self.isOpen) RETURNING id")
            try sql.execute(
                """
                INSERT INTO password_resets (id, nonce, sha256, user_id, expires_at)
                VALUES (\(id), \(nonce), \(token.digest.bytes), \(owner as UserID?), now() + make_interval(secs => \(Self.lifetime)))
                """)
            return Replacement(table: "password_resets", id: id, replaced: try replaced.first?.decode("id", as: PasswordResetID.self))
        }
    }

    /// Has the mail of a link asked for; if that fails, the link before it goes on to count.
    func keeping(_ made: Replacement<PasswordResetID>, _ announce: () async throws -> Void) async throws {
        try await database.keeping(made, announce)
    }

    /// Whose password a token can set, if anybody's.
    func owner(of token: OpaqueToken) async throws(AccountsError) -> UserID? {
        try await database.query(
            "SELECT user_id FROM password_resets WHERE sha256 = \(token.digest.bytes) AND \(sql: Self.isUsable)"
        ) { row throws(PostgresError) in try row.decode("user_id", as: UserID?.self) }.first ?? nil
    }

    /// Where the mail with a token that can still be used has gone.
    func address(of token: OpaqueToken) async throws(AccountsError) -> String? {
        try await database.query(
            """
            SELECT email FROM password_resets JOIN users ON users.id = user_id
            WHERE sha256 = \(token.digest.bytes) AND \(sql: Self.isUsable) AND disabled_at IS NULL
            """
        ) { row throws(PostgresError) in try row.decode("email", as: String.self) }.first
    }

    /// What to mail, and where; nil when there is nobody to mail it to, or no use in it any more.
    func mail(for id: PasswordResetID) async throws(AccountsError) -> ResetMail? {
        try await database.query(
            """
            SELECT email, nonce, user_id, expires_at FROM password_resets JOIN users ON users.id = user_id
            WHERE password_resets.id = \(id) AND \(sql: Self.isUsable) AND disabled_at IS NULL
            """
        ) { row throws(PostgresError) in
            ResetMail(
                address: try row.decode("email"),
                token: key.token(of: id, nonce: try row.decode("nonce"), user: try row.decode("user_id", as: UserID?.self)),
                expiresAt: try row.decode("expires_at"))
        }.first
    }
}
