import Accounts
import Cryptography
import Platform
import Redis
import RedisSupport
import TestSupport
import Testing

@Suite("Throttles", .requires(.postgres))
struct ThrottleTests {
    @Test("of 100 at the same time no more than the limit get through, and the window ends by itself")
    func window() async throws {
        try await withThrottle { throttle, redis in
            let lanes: [Throttle.Lane] = [(.registrations, .network(.random))]
            #expect(try await taken(100, throttle, lanes) == 10)
            let key = try await onlyKey(redis)
            let ttl = try await redis.send(RedisCommand("PTTL", key)).int ?? 0
            #expect((3_600_000 - 10_000 * Patience.factor...3_600_000).contains(Int(ttl)))
            #expect(try await #require(throttle.take(lanes)).retryAfter > .seconds(3600) - .seconds(10).stretched)
            _ = try await redis.send(RedisCommand("DEL", key))
            #expect(try await throttle.take(lanes) == nil)
        }
    }

    @Test("H86 pauses double from the limit on, up to the longest, and end by themselves")
    func pauses() async throws {
        try await withThrottle { throttle, redis in
            let lanes: [Throttle.Lane] = [(.loginFromNetwork, .stranger(SHA256Hasher.digest(of: []), .random))]
            #expect(try await taken(100, throttle, lanes) == 10)
            let key = try await onlyKey(redis)
            for seconds in [30, 60, 120, 240, 480, 900, 900] {
                let refusal = try #require(try await throttle.take(lanes))
                #expect(refusal.retryAfter > .seconds(seconds) - .seconds(5).stretched && refusal.retryAfter <= .seconds(seconds))
                let ttl = try await redis.send(RedisCommand("TTL", key)).int ?? 0
                #expect((900 + seconds - 5 * Patience.factor...900 + seconds).contains(Int(ttl)))
                // As if the pause had passed.
                _ = try await redis.send(RedisCommand("HSET", key, "until", 1))
                #expect(try await taken(10, throttle, lanes) == 1)
            }
            try await throttle.giveBack(lanes)
            #expect(try await redis.send(RedisCommand("EXISTS", key)).int == 0)
        }
    }

    @Test("several lanes are taken all or none, and the first that is full is named")
    func several() async throws {
        try await withThrottle { throttle, _ in
            let network = NetworkAddress.random
            let full: Throttle.Lane = (.codeOfSession, .everybody)
            let roomy: Throttle.Lane = (.registrations, .network(network))
            let first = try await throttle.take([full])
            #expect(first == nil)
            for _ in 0..<20 { #expect(try await throttle.take([roomy, full])?.rule == .codeOfSession) }
            #expect(try await taken(20, throttle, [roomy]) == 10)
            #expect(try await throttle.take([roomy, full])?.rule == .registrations)
        }
    }

    @Test("what is given back can be taken again, once")
    func givenBack() async throws {
        try await withThrottle { throttle, redis in
            let lanes: [Throttle.Lane] = [(.registrations, .network(.random))]
            #expect(try await taken(20, throttle, lanes) == 10)
            try await throttle.giveBack(lanes)
            #expect(try await taken(20, throttle, lanes) == 1)
            for _ in 0..<20 { try await throttle.giveBack(lanes) }
            #expect(try await redis.send(RedisCommand("DBSIZE")).int == 0)
            #expect(try await taken(20, throttle, lanes) == 10)
        }
    }

    @Test("what finds no place among the hashes counts nowhere and begins no pause; what fails otherwise counts")
    func notTried() async throws {
        try await withThrottle { throttle, _ in
            let lanes: [Throttle.Lane] = [
                (.loginFromNetwork, .stranger(SHA256Hasher.digest(of: []), .random)), (.registrations, .network(.random)),
            ]
            #expect(try await taken(9, throttle, lanes) == 9)
            for _ in 0..<5 {
                let refusal = try await throttle.take(lanes)
                #expect(refusal == nil)
                #expect(await failing(.busy, throttle, lanes) == .busy)
            }
            #expect(try await taken(1, throttle, lanes) == 1)
            #expect(await failing(.database, throttle, lanes) == .database)
            #expect(try await taken(1, throttle, lanes) == 0)
        }
    }

    @Test(
        "H87 a network is an IPv4 address or the first half of an IPv6 address, however it is written",
        arguments: [
            ("192.0.2.1", "::ffff:192.0.2.1", true), ("192.0.2.1", "::FFFF:c000:201", true), ("192.0.2.1", "192.0.2.2", false),
            ("2001:db8::1", "2001:db8:0:0:ffff:ffff:ffff:ffff", true), ("2001:db8::1", "2001:DB8:0::2", true),
            ("2001:db8::1", "2001:db8:0:1::1", false), ("", "x", true), ("", "1.2.3.4, 5.6.7.8", true), ("192.0.2.1\0", "", true),
            ("192.0.2.1", "", false), ("192.0.2.01", "", true),
        ])
    func networks(one: String, two: String, isSame: Bool) {
        let subjects = [one, two].map { ThrottleSubject.network(NetworkAddress($0)).description }
        #expect((subjects[0] == subjects[1]) == isSame)
        #expect(subjects.allSatisfy { $0.utf8.count > "net:".utf8.count })
    }

    private func withThrottle(_ body: @escaping @Sendable (Throttle, RedisClient) async throws -> Void) async throws {
        let server = try await RedisServerProcess.start()
        try await RedisClient.with("redis://127.0.0.1:\(server.port)") { try await body(Throttle(client: $0), $0) }
    }

    /// A step that fails like this.
    private func failing(_ code: AccountsError.Code, _ throttle: Throttle, _ lanes: [Throttle.Lane]) async -> AccountsError.Code? {
        await accountsCode {
            try await throttle.spending(lanes) { () async throws(AccountsError) -> Void in throw AccountsError(code, "a test") }
        }
    }

    /// How many of so many at the same time get through.
    private func taken(_ count: Int, _ throttle: Throttle, _ lanes: [Throttle.Lane]) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<count { group.addTask { try await throttle.take(lanes) == nil } }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }

    private func onlyKey(_ redis: RedisClient) async throws -> RedisArgument {
        let keys = try await redis.send(RedisCommand("KEYS", "*")).array ?? []
        #expect(keys.count == 1)
        return RedisArgument(keys.first?.string ?? "")
    }
}
