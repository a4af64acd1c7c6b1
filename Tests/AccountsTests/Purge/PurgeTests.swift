import Accounts
import Platform
import Postgres
import Redis
import RedisSupport
import TestSupport
import Testing

@Suite("Purge", .requires(.postgres))
struct PurgeTests {
    @Test("what has served its time goes, what has not stays, and both are counted")
    func purge() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let kept = try await fixture.enter().session
            let lost = try await fixture.enter(from: .elsewhere()).session
            for _ in 0..<2 { _ = try await fixture.resets.request(login: user.email, visitor: .elsewhere()) }
            let purge = Purge(pool: fixture.pool, redis: fixture.redis)
            #expect(try await purge.runOnce() == PurgeReport())

            try await fixture.pool.execute(
                """
                UPDATE login_challenges SET expires_at = now() - interval '61 minutes'
                WHERE id = \(fixture.mails.items[0])
                """)
            try await fixture.pool.execute("UPDATE password_resets SET expires_at = now() WHERE id = \(fixture.resetMails.items[0])")
            try await fixture.pool.execute(
                "INSERT INTO registration_notices (id, expires_at) VALUES (\(UUIDv7()), now()), (\(UUIDv7()), now() + interval '1 hour')")
            try await fixture.pool.execute(
                """
                UPDATE known_devices SET last_used_at = now() - interval '181 days'
                WHERE sha256 = (SELECT sha256 FROM known_devices LIMIT 1)
                """)
            try await fixture.pool.execute(
                "INSERT INTO audit_events (at, kind, network) SELECT now() - interval '91 days', 'x', '' FROM generate_series(1, 3)")
            try await fixture.server.ask("DEL", fixture.key(of: lost))
            try await fixture.server.ask("SET", "{sess}cap:leftover", "x")
            try await fixture.server.ask("HSET", "{sess}th:login:user:1", "n", 5)
            try await fixture.server.ask("SET", "of somebody else", "x")

            var expected = PurgeReport()
            (expected.challenges, expected.resets, expected.notices, expected.devices, expected.auditEvents) = (1, 1, 1, 1, 3)
            (expected.sessionEntries, expected.endlessKeys) = (1, 2)
            #expect(try await purge.runOnce() == expected)
            #expect(try await purge.runOnce() == PurgeReport())
            #expect(try await fixture.end(of: kept) == nil)
            #expect(try await fixture.server.ask("EXISTS", "of somebody else").int == 1)
        }
    }

    @Test("a run does no more than its batches, and the next one goes on where it stopped")
    func batches() async throws {
        try await SignInFixture.with { fixture in
            try await fixture.pool.execute(
                "INSERT INTO audit_events (at, kind, network) SELECT now() - interval '91 days', 'x', '' FROM generate_series(1, 25)")
            for number in 0..<1000 { _ = try await fixture.redis.send(RedisCommand("SET", "{sess}cap:\(number)", "x")) }
            let purge = Purge(pool: fixture.pool, redis: fixture.redis, batch: 10, batches: 2)
            let first = try await purge.runOnce()
            #expect(first.auditEvents == 20 && first.isPartial)
            #expect(first.endlessKeys > 0 && first.endlessKeys < 1000)
            var rest = 0
            for _ in 0..<200 where rest + first.endlessKeys < 1000 { rest += try await purge.runOnce().endlessKeys }
            #expect(rest + first.endlessKeys == 1000)
            let count = try await fixture.pool.query("SELECT count(*) AS n FROM audit_events")
            #expect(try count[0].decode("n", as: Int.self) == 0)
        }
    }
}
