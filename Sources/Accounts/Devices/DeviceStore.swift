import Cryptography
import Platform
import Postgres

/// The browsers in which users have signed in, by the SHA-256 of a cookie.
struct DeviceStore: Sendable {
    /// Browsers remembered of one user; the one unused for longest gives way.
    static let limit = 20

    let database: Database

    /// Remembers that a user has signed in.
    ///
    /// - Parameter token: the cookie of the browser, if it had one.
    /// - Returns: a new cookie for a browser that did not have one of this user.
    func remember(_ token: OpaqueToken?, of user: UserID) async throws(AccountsError) -> OpaqueToken? {
        if let token, try await note(token, of: user) { return nil }
        let new = OpaqueToken()
        try await database.transaction { sql throws(PostgresError) in
            try sql.execute("INSERT INTO known_devices (user_id, sha256) VALUES (\(user), \(new.digest.bytes))")
            try sql.execute(
                """
                DELETE FROM known_devices WHERE user_id = \(user) AND sha256 IN (
                    SELECT sha256 FROM known_devices WHERE user_id = \(user) ORDER BY last_used_at DESC, sha256 OFFSET \(Self.limit))
                """)
        }
        return new
    }

    /// Notes a use of a browser.
    ///
    /// - Returns: false for one that is not known.
    private func note(_ token: OpaqueToken, of user: UserID) async throws(AccountsError) -> Bool {
        try await database.execute(
            "UPDATE known_devices SET last_used_at = now() WHERE user_id = \(user) AND sha256 = \(token.digest.bytes)") == 1
    }
}
