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

    /// Makes a link for the user of an address, which voids the user's last one. For an address that nobody has a row is made as
    /// well, in the same way, so that the answer takes the same time.
    ///
    /// - Parameter address: in any case.
    func make(address: String) async throws(AccountsError) -> (id: PasswordResetID, owner: UserID?) {
        let (id, nonce, key) = (PasswordResetID(rawValue: UUIDv7()), RandomBytes.make(32), key)
        let question: SQL =
            """
            SELECT id FROM users WHERE lower(normalize(email, NFKC)) = lower(normalize(\(address)::text, NFKC)) AND disabled_at IS NULL
            FOR NO KEY UPDATE
            """
        let owner = try await database.transaction { sql throws(PostgresError) in
            let user = try sql.query(question).first?.decode("id", as: UserID.self)
            let token = key.token(of: id, nonce: nonce, user: user)
            try sql.execute("UPDATE password_resets SET voided_at = now() WHERE user_id = \(user as UserID?) AND \(sql: Self.isOpen)")
            try sql.execute(
                """
                INSERT INTO password_resets (id, nonce, sha256, user_id, expires_at)
                VALUES (\(id), \(nonce), \(token.digest.bytes), \(user as UserID?), now() + make_interval(secs => \(Self.lifetime)))
                """)
            return user
        }
        return (id, owner)
    }

    /// Whose password a token can set, if anybody's.
    func owner(of token: OpaqueToken) async throws(AccountsError) -> UserID? {
        try await database.query(
            "SELECT user_id FROM password_resets WHERE sha256 = \(token.digest.bytes) AND \(sql: Self.isUsable)"
        ) { row throws(PostgresError) in try row.decode("user_id", as: UserID?.self) }.first ?? nil
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
