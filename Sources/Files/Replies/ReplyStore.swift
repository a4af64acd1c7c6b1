public import Cryptography
public import Platform
public import Postgres

/// What requests with an Idempotency-Key were answered, and who is about to answer one.
///
/// Whoever begins a request has the right to answer it for the time of a lease, which is renewed while its body arrives. The answer
/// is stored in the transaction that makes true what it says (`IntakeGroup`), and only under the claim that still holds. So a
/// process that is killed delays a repetition by the rest of its lease, and one that was frozen finds the request taken over.
///
///     (none) ── begin ──▶ running ── stored with the files ──▶ answered ── a day ──▶ (none)
///                         │  ▲ └── abandon ──▶ (none)
///                         └──┘ begin of another, once the lease is over
public struct ReplyStore: Sendable {
    /// How long an answer is kept.
    public static let lifetime: Duration = .seconds(24 * 3600)

    private let pool: PostgresPool
    private let lease: Duration

    /// - Parameter lease: how long a request whose process was killed keeps others from running it.
    public init(pool: PostgresPool, lease: Duration = .seconds(15)) {
        self.pool = pool
        self.lease = lease
    }

    /// Begins a request, unless somebody else has.
    ///
    /// - Parameters:
    ///   - key: SHA-256 of the key.
    ///   - request: SHA-256 of what can be told from its head; the same key with another is `.other`.
    /// - Throws: `.database`, `.cancelled`, `.closed`.
    public func begin(owner: UserID, key: SHA256Digest, request: SHA256Digest) async throws(FilesError) -> ReplyOutcome {
        let claim = ReplyClaim(owner: owner, key: key)
        do throws(PostgresError) {
            // Between the two looks the row may go or change its owner; then it is taken, or said to be running.
            for _ in 0..<3 {
                if try await take(claim, request) { return .run(claim) }
                if let found = try await look(claim, request) { return found }
            }
        } catch {
            throw FilesError(reading: error)
        }
        return .running(lease)
    }

    /// Keeps a claim for as long as the task is not cancelled and nobody else has taken the request over.
    public func keep(_ claim: ReplyClaim) async {
        while true {
            do {
                try await Task.sleep(for: lease / 3)
            } catch {
                return
            }
            // An outage loses nothing by itself: another one has to take the request first.
            if (try? await renew(claim)) == false { return }
        }
    }

    /// - Returns: whether the claim still held, and now does for a lease.
    public func renew(_ claim: ReplyClaim) async throws(FilesError) -> Bool {
        try await change(
            """
            UPDATE replies SET lease_until = \(sql: leaseEnd), expires_at = \(sql: Self.end)
            WHERE \(sql: Self.isOurs(claim))
            """) == 1
    }

    /// Gives a request up that was not carried out, so that its repetition is. Changes nothing once the answer is stored. If it fails,
    /// the lease ends.
    public func abandon(_ claim: ReplyClaim) async {
        // Shielded: most often the caller has been cancelled.
        _ = await Task { try await change("DELETE FROM replies WHERE \(sql: Self.isOurs(claim))") }.result
    }

    /// Takes an answer back that says what has turned out not to be: its repetition is carried out.
    public func withdraw(_ claim: ReplyClaim) async {
        // Shielded, as above.
        _ = await Task {
            try await change("DELETE FROM replies WHERE owner_id = \(claim.owner) AND key = \(claim.key.bytes) AND claim = \(claim.id)")
        }.result
    }

    /// Removes what has served its time, in batches that hold up nobody.
    ///
    /// - Returns: how many answers were removed.
    public func purge(batch: Int = 1000, batches: Int = 1000) async throws(FilesError) -> Int {
        var count = 0
        for _ in 0..<batches {
            let removed = try await change(
                """
                DELETE FROM replies WHERE ctid = ANY(ARRAY(
                    SELECT ctid FROM replies WHERE expires_at < now() LIMIT \(batch) FOR UPDATE SKIP LOCKED))
                """)
            count += removed
            if removed < batch { break }
        }
        return count
    }

    // The clock is that of the moment: `now()` would be from before a wait for the lock of another's commit.

    private func take(_ claim: ReplyClaim, _ request: SHA256Digest) async throws(PostgresError) -> Bool {
        try await pool.execute(
            """
            INSERT INTO replies AS held (owner_id, key, request, claim, lease_until, expires_at)
            VALUES (\(claim.owner), \(claim.key.bytes), \(request.bytes), \(claim.id), \(sql: leaseEnd), \(sql: Self.end))
            ON CONFLICT (owner_id, key) DO UPDATE SET request = excluded.request, claim = excluded.claim,
                lease_until = excluded.lease_until, expires_at = excluded.expires_at, status = NULL, location = NULL, body = NULL,
                file = NULL, content = NULL
            WHERE held.lease_until <= clock_timestamp()
                AND (held.expires_at <= clock_timestamp() OR (held.status IS NULL AND held.request = excluded.request))
            """) == 1
    }

    private func look(_ claim: ReplyClaim, _ request: SHA256Digest) async throws(PostgresError) -> ReplyOutcome? {
        let rows = try await pool.query(
            """
            SELECT request, status, location, body, file, content,
                greatest(0, extract(epoch FROM lease_until - clock_timestamp()))::double precision AS left
            FROM replies WHERE owner_id = \(claim.owner) AND key = \(claim.key.bytes) AND expires_at > clock_timestamp()
            """)
        guard let row = rows.first else { return nil }
        guard try row.decode("request", as: [UInt8].self) == request.bytes else { return .other }
        guard let status = try row.decode("status", as: Int?.self) else {
            let left = try row.decode("left", as: Double.self)
            // Over by now: to be taken.
            return left > 0 ? .running(.seconds(left)) : nil
        }
        return .answered(
            StoredReply(
                status: status, location: try row.decode("location"), body: try row.decode("body"),
                file: try row.decode("file", as: FileID?.self), content: try row.decode("content")))
    }

    private func change(_ statement: SQL) async throws(FilesError) -> Int {
        do {
            return try await pool.execute(statement)
        } catch {
            // What was done or not is found out by the next request.
            throw FilesError(reading: error)
        }
    }

    private var leaseEnd: SQL { Self.moment(in: lease) }
    private static var end: SQL { moment(in: lifetime) }

    private static func moment(in duration: Duration) -> SQL {
        let seconds: Double = duration / .seconds(1)
        return "clock_timestamp() + make_interval(secs => \(seconds))"
    }

    private static func isOurs(_ claim: ReplyClaim) -> SQL {
        "owner_id = \(claim.owner) AND key = \(claim.key.bytes) AND claim = \(claim.id) AND status IS NULL"
    }
}
