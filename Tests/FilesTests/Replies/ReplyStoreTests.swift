import Cryptography
import DatabaseSupport
import Files
import Platform
import Postgres
import TestSupport
import Testing

@Suite("Stored replies", .serialized, .requires(.postgres))
struct ReplyStoreTests {
    private let owner = UserID(rawValue: 1)
    private let key = SHA256Hasher.digest(of: [1])
    private let request = SHA256Hasher.digest(of: [2])

    @Test("H57 of fifty that begin the same request at once, one runs it")
    func race() async throws {
        try await TestDatabase.withMigratedPool { pool in
            let store = ReplyStore(pool: pool)
            let claims = try await withThrowingTaskGroup(of: ReplyClaim?.self) { group in
                for _ in 0..<50 { group.addTask { claim(try await store.begin(owner: owner, key: key, request: request)) } }
                return try await group.reduce(into: []) { if let claim = $1 { $0.append(claim) } }
            }
            #expect(claims.count == 1)
            let left = if case .running(let left) = try await begin(store) { left } else { Duration.zero }
            #expect(left > .zero && left <= .seconds(15))
        }
    }

    @Test("H57 a key belongs to one request, and each user has their own")
    func others() async throws {
        try await TestDatabase.withMigratedPool { pool in
            let store = ReplyStore(pool: pool)
            #expect(claim(try await begin(store)) != nil)
            #expect(isOther(try await store.begin(owner: owner, key: key, request: key)))
            #expect(claim(try await store.begin(owner: UserID(rawValue: 2), key: key, request: request)) != nil)
            // Not even when its lease is over.
            try await pool.execute("UPDATE replies SET lease_until = now() - interval '1 second'")
            #expect(isOther(try await store.begin(owner: owner, key: key, request: key)))
        }
    }

    @Test("H57 a claim can be renewed, given up, and taken over once its lease has ended; then it is worth nothing")
    func lease() async throws {
        try await TestDatabase.withMigratedPool { pool in
            let store = ReplyStore(pool: pool)
            let first = try #require(claim(try await begin(store)))
            try await pool.execute("UPDATE replies SET lease_until = now() - interval '1 second'")
            #expect(try await store.renew(first))
            #expect(claim(try await begin(store)) == nil)
            try await pool.execute("UPDATE replies SET lease_until = now() - interval '1 second'")
            let second = try #require(claim(try await begin(store)))
            #expect(second != first)
            #expect(try await !store.renew(first))
            await store.abandon(first)
            #expect(claim(try await begin(store)) == nil, "who lost it cannot give it up")
            await store.abandon(second)
            #expect(claim(try await begin(store)) != nil)
        }
    }

    @Test("H57 a claim is kept beside a long request")
    func kept() async throws {
        try await TestDatabase.withMigratedPool { pool in
            // Renewed every third of it: a busy machine may be late by the other two.
            let lease = Duration.seconds(3).stretched
            let store = ReplyStore(pool: pool, lease: lease)
            let first = try #require(claim(try await begin(store)))
            let keeping = Task { await store.keep(first) }
            let start = ContinuousClock.now
            while ContinuousClock.now - start < lease * 2 {
                try await Task.sleep(for: .milliseconds(100))
                #expect(claim(try await begin(store)) == nil)
            }
            keeping.cancel()
            await keeping.value
            let end = ContinuousClock.now + .seconds(30).stretched
            while claim(try await begin(store)) == nil {
                try #require(ContinuousClock.now < end, "nobody keeps it, and it does not end")
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    @Test("H57 files and their answer are stored under the claim that holds, or neither is", arguments: [true, false])
    func completion(isOurs: Bool) async throws {
        try await TestDatabase.withMigratedPool { pool in
            try await TestStaging.with { area in
                let intake = FileIntake(pool: pool, staging: area) { _ in }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await intake.run() }
                    defer { group.cancelAll() }
                    let claim = try #require(claim(try await begin(intake.replies)))
                    if !isOurs {
                        try await pool.execute("UPDATE replies SET lease_until = now() - interval '1 second'")
                        _ = try await begin(intake.replies)
                    }
                    let reply = StoredReply(status: 202, location: "/here", body: [0, 1, 255], content: request.bytes)
                    let member = intake.member(
                        try await area.receive([1, 2]), owner: owner, name: try FileName(cleaning: "a"), contentType: "")
                    let completion = ReplyCompletion(claim: claim, reply: reply)
                    let code = await code { _ = try await intake.accept(IntakeGroup([member], reply: completion)) }
                    #expect(code == (isOurs ? nil : .superseded))
                    #expect(area.ready.count == (isOurs ? 1 : 0))
                    let rows = try await pool.query("SELECT count(*) FROM files")
                    #expect(try rows[0].decode(at: 0, as: Int.self) == (isOurs ? 1 : 0))
                    guard isOurs else { return }
                    // What is answered cannot be given up any more.
                    await intake.replies.abandon(claim)
                    let stored = if case .answered(let stored) = try await begin(intake.replies) { stored } else { nil as StoredReply? }
                    #expect(stored == reply)
                }
            }
        }
    }

    @Test("H57 after its time an answer counts for nothing, and is removed in batches")
    func expiry() async throws {
        try await TestDatabase.withMigratedPool { pool in
            let store = ReplyStore(pool: pool)
            try await pool.execute(
                """
                INSERT INTO replies (owner_id, key, request, claim, lease_until, status, body, content, expires_at)
                SELECT 1, sha256(number::text::bytea), sha256(''), \(UUIDv7()), now() - interval '1 day', 202, '', sha256(''),
                    now() + CASE WHEN number > 5 THEN interval '-1 second' ELSE interval '1 hour' END
                FROM generate_series(1, 25) AS number
                """)
            let expired = SHA256Hasher.digest(of: Array("6".utf8))
            #expect(claim(try await store.begin(owner: owner, key: expired, request: request)) != nil)
            #expect(try await store.purge(batch: 4) == 19)
            let left = try await pool.query("SELECT count(*) FROM replies")
            #expect(try left[0].decode(at: 0, as: Int.self) == 6)
        }
    }

    @Test("without a database the caller is told, and may ask again")
    func away() async throws {
        let configuration = PostgresConfiguration(host: "127.0.0.1", port: 1, user: "nobody", database: "none")
        try await TestDatabase.withPool(configuration) { pool in
            #expect(await code { _ = try await begin(ReplyStore(pool: pool)) } == .database)
        }
    }

    private func begin(_ store: ReplyStore) async throws -> ReplyOutcome {
        try await store.begin(owner: owner, key: key, request: request)
    }

    private func isOther(_ outcome: ReplyOutcome) -> Bool {
        if case .other = outcome { true } else { false }
    }

    private func claim(_ outcome: ReplyOutcome) -> ReplyClaim? {
        if case .run(let claim) = outcome { claim } else { nil }
    }
}
