import Cryptography
public import FoundationEssentials
public import Platform
import Postgres

extension TokenStore {
    /// The most tokens that a user may have, expired ones included.
    public static let limit = 100

    /// Makes a token for its user. It is returned here and never again.
    ///
    /// - Parameters:
    ///   - name: for the user to tell tokens apart.
    ///   - scopes: at least one.
    /// - Returns: nil when the password was changed since it was typed, or the user disabled: then there is no token.
    /// - Throws: `.badName`, `.tooManyTokens`, `.database`.
    public func add(
        by proof: PasswordProof, name: String, scopes: Set<TokenScope>, expiresAt: Date?
    ) async throws(AccountsError) -> Secret? {
        try await add(
            proof.user, name, scopes, expiresAt, if: "password = \(proof.password.text) AND disabled_at IS NULL", network: proof.network)
    }

    /// Makes a token for a user on the operator's word.
    ///
    /// - Throws: `.badName`, `.tooManyTokens`, `.unknownUser`, `.database`.
    public func add(
        user: UserID, name: String, scopes: Set<TokenScope> = .all, expiresAt: Date? = nil
    ) async throws(AccountsError) -> Secret {
        guard let token = try await add(user, name, scopes, expiresAt, if: "true", network: nil) else {
            throw AccountsError(.unknownUser, "there is no such user")
        }
        return token
    }

    /// Whether a text can be the name of a token.
    public static func isName(_ text: String) -> Bool { UserText.isLabel(text) }

    /// Ends a token of this user: at once in this process, within the lifetime of the cache in others.
    ///
    /// - Parameter network: whose wish it is; nil for the operator.
    /// - Returns: false when the user has no such token.
    public func revoke(_ id: Int64, user: UserID, network: NetworkAddress? = nil) async throws(AccountsError) -> Bool {
        guard try await database.execute(Self.revocation(of: user, where: "id = \(id)", by: network, reason: "asked")) > 0 else {
            return false
        }
        cache.remove(token: id)
        return true
    }

    /// Removes some tokens of a user and puts each on record, in one statement. For a transaction of the change that it belongs to; other
    /// processes, and the cache of this one, learn of it within the lifetime of the cache.
    static func revocation(
        of user: UserID, where condition: SQL = "true", by network: NetworkAddress?, reason: String
    ) -> SQL {
        """
        WITH revoked AS (DELETE FROM api_tokens WHERE user_id = \(user) AND \(sql: condition) RETURNING id)
        INSERT INTO audit_events (kind, user_id, network, detail)
        SELECT \(AuditEvent.Kind.tokenRevoked.rawValue), \(user), \(AuditLog.origin(network)),
            jsonb_build_object('token', id::text, 'reason', \(reason)::text)
        FROM revoked
        """
    }

    private enum Outcome {
        case made, tooMany, notEntitled
    }

    /// - Returns: nil when there is no such user of whom the condition is true.
    private func add(
        _ user: UserID, _ name: String, _ scopes: Set<TokenScope>, _ expiresAt: Date?, if condition: SQL, network: NetworkAddress?
    ) async throws(AccountsError) -> Secret? {
        guard Self.isName(name) else { throw AccountsError(.badName, "a token's name is 1…64 printable characters") }
        let token = TokenText.make()
        guard let digest = TokenText.digest(of: token.reveal()) else { preconditionFailure("a new token is not a token") }
        let outcome: Outcome = try await database.transaction { sql throws(PostgresError) in
            // Tokens that are made at the same time, and a reset that revokes all, wait for each other here. The count is a statement of its
            // own, since it has to see what was made until the lock was granted.
            guard try sql.execute("SELECT FROM users WHERE id = \(user) AND \(sql: condition) FOR NO KEY UPDATE") == 1 else {
                return .notEntitled
            }
            let count = try sql.query("SELECT count(*) AS n FROM api_tokens WHERE user_id = \(user)")[0].decode("n", as: Int.self)
            guard count < Self.limit else { return .tooMany }
            let id = try sql.query(
                """
                INSERT INTO api_tokens (user_id, name, scopes, sha256, expires_at)
                VALUES (\(user), \(name), \(scopes.names), \(digest.bytes), \(expiresAt as Date?)) RETURNING id
                """)[0].decode("id", as: Int64.self)
            try sql.execute(
                AuditLog.statement(.tokenMade, user, network, ["token": String(id), "scopes": scopes.names.joined(separator: ",")]))
            return .made
        }
        switch outcome {
        case .made: return token
        case .tooMany: throw AccountsError(.tooManyTokens, "a user has at most \(Self.limit) API tokens")
        case .notEntitled: return nil
        }
    }
}
