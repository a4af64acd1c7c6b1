import Accounts
import Cryptography
import Redis
import RedisSupport
import TestSupport
import Testing

@Suite("Signing in over a Redis Cluster", .requires(.postgres))
struct ClusterTests {
    @Test("sessions, captchas, throttles and the purge work where keys are spread over nodes")
    func cluster() async throws {
        let servers = try await ClusterServers.start()
        try await SignInFixture.with(servers.nodes[0], at: servers.url) { fixture in
            let (redis, sessions) = (fixture.redis, fixture.signIn.sessions)
            _ = try await fixture.member()
            let session = try await fixture.enter().session
            guard case .live = try await sessions.touch(session.ticket, isActivity: true) else { throw SignInFixture.Unexpected() }
            #expect(try await fixture.signIn.captchas.admitDrawing(for: .somewhere).isAdmitted)
            let lanes: [Throttle.Lane] = [
                (.loginFromNetwork, .stranger(SHA256Hasher.digest(of: []), .random)), (.registrations, .network(.random)),
            ]
            #expect(try await Throttle(client: redis).take(lanes) == nil)
            try await Throttle(client: redis).giveBack(lanes)
            #expect(try await sessions.end(session.ticket, .logout))
            guard case .gone(.logout) = try await sessions.touch(session.ticket, isActivity: true) else { throw SignInFixture.Unexpected() }
            for number in 0..<100 { _ = try await redis.send(RedisCommand("SET", "{sess}cap:\(number)", "x")) }
            #expect(try await Purge(pool: fixture.pool, redis: redis).runOnce().endlessKeys == 100)
        }
    }
}
