import Cryptography
import FoundationEssentials
public import Platform
public import Postgres

/// The API tokens with which machines sign in.
public struct TokenStore: Sendable {
    let database: Database
    let cache: TokenCache
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

    /// Whom a token belongs to; nil for one that is unknown, revoked or expired.
    public func authenticate(_ token: String) async throws(AccountsError) -> AuthenticatedUser? {
        guard let digest = TokenText.digest(of: token) else { return nil }
        return try await user(of: digest)
    }

    /// Whether the token by which somebody was let in still counts: for what goes on longer than a request should.
    public func isLive(_ user: AuthenticatedUser) async throws(AccountsError) -> Bool {
        try await self.user(of: user.digest)?.token == user.token
    }

    private func user(of digest: SHA256Digest) async throws(AccountsError) -> AuthenticatedUser? {
        let time = now()
        if let user = cache.user(for: digest, at: time) { return user }
        let rows = try await database.query(
            """
            SELECT api_tokens.id, user_id, users.name, sha256, scopes,
                extract(epoch FROM expires_at - now())::float8 AS remaining,
                coalesce(last_used_at < now() - interval '1 minute', true) AS is_use_to_note
            FROM api_tokens JOIN users ON users.id = user_id
            WHERE sha256 = \(digest.bytes) AND (expires_at IS NULL OR expires_at > now()) AND disabled_at IS NULL
            """, as: Found.init(row:))
        // The index has compared already; this comparison takes the same time for every digest.
        guard let found = rows.first, found.digest == digest else { return nil }
        let user = AuthenticatedUser(
            id: found.id, name: found.name, token: found.token, scopes: found.scopes, digest: digest)
        cache.insert(user, for: digest, at: time, remaining: found.remaining)
        if found.isUseToNote { await noteUse(of: user.token) }
        return user
    }

    /// The tokens of a user, the oldest first.
    public func list(user: UserID) async throws(AccountsError) -> [APIToken] {
        try await database.query(
            "SELECT id, name, scopes, created_at, last_used_at, expires_at FROM api_tokens WHERE user_id = \(user) ORDER BY id",
            as: APIToken.init(row:))
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
        let id: UserID
        let name: String
        let token: Int64
        let scopes: Set<TokenScope>
        let digest: SHA256Digest?
        let remaining: Duration?
        let isUseToNote: Bool

        init(row: PostgresRow) throws(PostgresError) {
            (id, name, token) = (try row.decode("user_id"), try row.decode("name"), try row.decode("id"))
            scopes = Set(names: try row.decode("scopes"))
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
            id: try row.decode("id"), name: try row.decode("name"), scopes: Set(names: try row.decode("scopes")),
            createdAt: try row.decode("created_at"),
            lastUsedAt: try row.decode("last_used_at", as: Date?.self), expiresAt: try row.decode("expires_at", as: Date?.self))
    }
}
