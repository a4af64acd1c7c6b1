import Cryptography
public import FoundationEssentials
public import Platform
public import Postgres

/// The API tokens with which machines sign in.
public struct TokenStore: Sendable {
    private let database: Database
    private let cache: TokenCache
    private let now: @Sendable () -> ContinuousClock.Instant

    /// - Parameter cacheLifetime: how long an answer is believed in this process; a token revoked elsewhere works on for
    ///   at most that long. Copies of the store share the cache.
    public init(pool: PostgresPool, cacheLifetime: Duration = .seconds(1)) {
        self.init(pool: pool, cacheLifetime: cacheLifetime, now: { .now })
    }

    package init(pool: PostgresPool, cacheLifetime: Duration, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        database = Database(pool: pool)
        self.now = now
        cache = TokenCache(lifetime: cacheLifetime)
    }

    /// Makes a token. It is returned here and never again.
    ///
    /// - Parameter name: for the user to tell tokens apart.
    /// - Throws: `.badName`, `.unknownUser`, `.database`.
    public func add(user: UserID, name: String, expiresAt: Date? = nil) async throws(AccountsError) -> Secret {
        guard UserText.isLabel(name) else { throw AccountsError(.badName, "a token's name is 1…64 printable characters") }
        let token = TokenText.make()
        guard let digest = TokenText.digest(of: token.reveal()) else { preconditionFailure("a new token is not a token") }
        try await database.execute(
            """
            INSERT INTO api_tokens (user_id, name, sha256, expires_at) VALUES (\(user), \(name), \(digest.bytes), \(expiresAt as Date?))
            """)
        return token
    }

    /// Whom a token belongs to; nil for one that is unknown, revoked or expired.
    public func authenticate(_ token: String) async throws(AccountsError) -> AuthenticatedUser? {
        guard let digest = TokenText.digest(of: token) else { return nil }
        let time = now()
        if let user = cache.user(for: digest, at: time) { return user }
        let rows = try await database.query(
            """
            SELECT api_tokens.id, user_id, users.name, sha256,
                extract(epoch FROM expires_at - now())::float8 AS remaining,
                coalesce(last_used_at < now() - interval '1 minute', true) AS is_use_to_note
            FROM api_tokens JOIN users ON users.id = user_id
            WHERE sha256 = \(digest.bytes) AND (expires_at IS NULL OR expires_at > now()) AND disabled_at IS NULL
            """, as: Found.init(row:))
        // The index has compared already; this comparison takes the same time for every digest.
        guard let found = rows.first, found.digest == digest else { return nil }
        cache.insert(found.user, for: digest, at: time, remaining: found.remaining)
        if found.isUseToNote { await noteUse(of: found.user.token) }
        return found.user
    }

    /// The tokens of a user, the oldest first.
    public func list(user: UserID) async throws(AccountsError) -> [APIToken] {
        try await database.query(
            "SELECT id, name, created_at, last_used_at, expires_at FROM api_tokens WHERE user_id = \(user) ORDER BY id",
            as: APIToken.init(row:))
    }

    /// Ends a token of this user: at once in this process, within the lifetime of the cache in others.
    ///
    /// - Returns: false when the user has no such token.
    public func revoke(_ id: Int64, user: UserID) async throws(AccountsError) -> Bool {
        guard try await database.execute("DELETE FROM api_tokens WHERE id = \(id) AND user_id = \(user)") > 0 else { return false }
        cache.remove(token: id)
        return true
    }

    /// Notes the last use, at most once a minute. Failing to do so must not fail the request.
    private func noteUse(of token: Int64) async {
        _ = try? await database.execute(
            """
            UPDATE api_tokens SET last_used_at = now()
            WHERE id = \(token) AND coalesce(last_used_at < now() - interval '1 minute', true)
            """)
    }

    private struct Found {
        let user: AuthenticatedUser
        let digest: SHA256Digest?
        let remaining: Duration?
        let isUseToNote: Bool

        init(row: PostgresRow) throws(PostgresError) {
            user = AuthenticatedUser(id: try row.decode("user_id"), name: try row.decode("name"), token: try row.decode("id"))
            digest = SHA256Digest(bytes: try row.decode("sha256", as: [UInt8].self))
            // Beyond a day it makes no difference, and `Duration` has limits.
            remaining = try row.decode("remaining", as: Double?.self).map { .seconds(min($0, 86_400)) }
            isUseToNote = try row.decode("is_use_to_note")
        }
    }
}

extension APIToken {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.decode("id"), name: try row.decode("name"), createdAt: try row.decode("created_at"),
            lastUsedAt: try row.decode("last_used_at", as: Date?.self), expiresAt: try row.decode("expires_at", as: Date?.self))
    }
}
