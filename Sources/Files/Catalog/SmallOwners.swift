import Platform
import Postgres
import Synchronization

/// Knows which owners have few files, as of lately.
///
/// PostgreSQL plans a search anew each time, since a good plan depends on how many names match; for most owners that costs as much as
/// the search itself. Where all of an owner's files are few, every plan is good enough.
final class SmallOwners: Sendable {
    private struct Finding {
        let isSmall: Bool
        let end: ContinuousClock.Instant
    }

    private static let lifetime: Duration = .seconds(60)
    /// Findings that are kept.
    private static let capacity = 10_000

    private let pool: PostgresPool
    private let maximum: Int
    private let findings = Mutex<[UserID: Finding]>([:])

    /// - Parameter maximum: of files.
    init(pool: PostgresPool, maximum: Int) {
        self.pool = pool
        self.maximum = maximum
    }

    func contains(_ owner: UserID) async throws(PostgresError) -> Bool {
        let now = ContinuousClock.now
        if let finding = findings.withLock({ $0[owner] }), finding.end > now { return finding.isSmall }
        let rows = try await pool.query(
            "SELECT count(*) FROM (SELECT FROM files WHERE owner_id = \(owner) LIMIT \(maximum + 1)) AS counted")
        let isSmall = try rows.first?.decode(at: 0, as: Int.self) ?? 0 <= maximum
        findings.withLock { findings in
            if findings.count >= Self.capacity { findings.removeAll() }
            findings[owner] = Finding(isSmall: isSmall, end: now + Self.lifetime)
        }
        return isSmall
    }
}
