import Platform
import Synchronization

/// Which users have a quota, for a while: so that those who have none cost no question, and Redis is asked about the others only.
final class KnownOwners: Sendable {
    enum Kind {
        case unknown, unmetered, metered
    }

    private struct Entry {
        let isMetered: Bool
        let end: ContinuousClock.Instant
    }

    /// Past so many all are forgotten.
    private static let most = 10_000

    private let lifetime: Duration
    private let entries = Mutex<[UserID: Entry]>([:])

    init(lifetime: Duration) {
        self.lifetime = lifetime
    }

    subscript(owner: UserID) -> Kind {
        guard let entry = entries.withLock({ $0[owner] }), entry.end > .now else { return .unknown }
        return entry.isMetered ? .metered : .unmetered
    }

    func note(_ owner: UserID, isMetered: Bool) {
        entries.withLock { entries in
            if entries.count >= Self.most { entries.removeAll() }
            entries[owner] = Entry(isMetered: isMetered, end: .now + lifetime)
        }
    }
}
