import Cryptography
import Platform
import Postgres

/// The browsers in which users have signed in, by the SHA-256 of a cookie. Statements for the transaction that lets the user in.
enum DeviceStore {
    /// Browsers remembered of one user; the one unused for longest gives way.
    static let limit = 20

    /// Remembers that a user has signed in.
    ///
    /// A browser in which another user has signed in keeps its cookie, which then stands for both: with another one the first user would
    /// be a stranger in it, and each change of users would leave a row that nobody has the cookie of.
    ///
    /// - Parameter token: the cookie of the browser, if it had one.
    /// - Returns: a new cookie for a browser that had none of anybody's.
    static func remember(
        _ token: OpaqueToken?, of user: UserID, _ sql: borrowing PostgresSession
    ) throws(PostgresError) -> OpaqueToken? {
        if let token, try sql.execute(use(of: token, user)) == 1 { return nil }
        var shared: OpaqueToken?
        if let token, try !sql.query(search(for: token)).isEmpty { shared = token }
        let kept = shared ?? OpaqueToken()
        try sql.execute(insertion(of: kept, user))
        try sql.execute(
            """
            DELETE FROM known_devices WHERE user_id = \(user) AND sha256 IN (
                SELECT sha256 FROM known_devices WHERE user_id = \(user) ORDER BY last_used_at DESC, sha256 OFFSET \(limit))
            """)
        return shared == nil ? kept : nil
    }

    /// Makes a browser known.
    static func insertion(of token: OpaqueToken, _ user: UserID) -> SQL {
        """
        INSERT INTO known_devices (user_id, sha256) VALUES (\(user), \(token.digest.bytes))
        ON CONFLICT (user_id, sha256) DO UPDATE SET last_used_at = now()
        """
    }

    /// Makes all browsers of a user unknown.
    static func removal(of user: UserID) -> SQL {
        "DELETE FROM known_devices WHERE user_id = \(user)"
    }

    /// Finds a browser in which anybody has signed in: one row or none.
    static func search(for token: OpaqueToken) -> SQL {
        "SELECT FROM known_devices WHERE sha256 = \(token.digest.bytes) LIMIT 1"
    }

    private static func use(of token: OpaqueToken, _ user: UserID) -> SQL {
        "UPDATE known_devices SET last_used_at = now() WHERE user_id = \(user) AND sha256 = \(token.digest.bytes)"
    }
}
