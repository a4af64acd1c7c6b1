import Cryptography
import Synchronization

/// Remembers for a moment whom a token belongs to, so that a busy client costs one query a second and not one a request.
///
/// The price is that a revoked token may live on for that moment in a process. Only tokens that are valid are remembered:
/// guesses cannot push anything out.
final class TokenCache: Sendable {
    private struct Entry {
        let user: AuthenticatedUser
        let end: ContinuousClock.Instant
    }

    private let lifetime: Duration
    private let limit: Int
    private let entries = Mutex<[SHA256Digest: Entry]>([:])

    init(lifetime: Duration, limit: Int = 10_000) {
        self.lifetime = lifetime
        self.limit = limit
    }

    func user(for digest: SHA256Digest, at now: ContinuousClock.Instant) -> AuthenticatedUser? {
        entries.withLock { entries in
            guard let entry = entries[digest], now < entry.end else { return nil }
            return entry.user
        }
    }

    /// - Parameter remaining: how long the token itself is still valid, if that has an end.
    func insert(_ user: AuthenticatedUser, for digest: SHA256Digest, at now: ContinuousClock.Instant, remaining: Duration?) {
        let end = now + min(lifetime, remaining ?? lifetime)
        entries.withLock { entries in
            if entries.count >= limit { entries = entries.filter { now < $0.value.end } }
            guard entries.count < limit else { return }
            entries[digest] = Entry(user: user, end: end)
        }
    }

    /// Forgets the tokens of one id.
    func remove(token: Int64) {
        entries.withLock { entries in
            entries = entries.filter { $0.value.user.token != token }
        }
    }
}
