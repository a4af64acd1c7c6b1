import Accounts
import Cryptography
import DatabaseSupport
import Platform
import Redis
import RedisSupport
import TestSupport
import Testing

@Suite("Signing in over a Redis Cluster", .requires(.postgres))
struct ClusterTests {
    @Test("sessions, captchas, throttles and the purge work where keys are spread over nodes")
    func cluster() async throws {
        let servers = try await ClusterServers.start()
        try await RedisClient.with(servers.url) { redis in
            let sessions = SessionStore(client: redis, limits: SessionLimits())
            let key = try #require(SignInKey(Secret(String(repeating: "k", count: 32))))
            let captchas = CaptchaStore(client: redis, key: key)
            let session = try await sessions.open(for: .somewhere)
            guard case .live = try await sessions.touch(session.ticket, isActivity: true),
                case .made(let id) = try await captchas.make(for: session, network: .random),
                let letters = try await captchas.fetch(id, for: session)?.letters
            else { throw SignInFixture.Unexpected() }
            #expect(try await captchas.answer(id, with: letters, for: session))
            let lanes: [Throttle.Lane] = [
                (.loginFromNetwork, .stranger(SHA256Hasher.digest(of: []), .random)), (.registrations, .network(.random)),
            ]
            #expect(try await Throttle(client: redis).take(lanes) == nil)
            try await Throttle(client: redis).giveBack(lanes)
            #expect(try await sessions.end(session.ticket, .logout))
            guard case .gone(.logout) = try await sessions.touch(session.ticket, isActivity: true) else { throw SignInFixture.Unexpected() }
            for number in 0..<100 { _ = try await redis.send(RedisCommand("SET", "{sess}cap:\(number)", "x")) }
            let report = try await TestDatabase.withMigratedPool { try await Purge(pool: $0, redis: redis).runOnce() }
            #expect(report.endlessKeys == 100)
        }
    }
}
