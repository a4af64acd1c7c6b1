import Platform
import Redis
import RedisSupport
import Synchronization
import TestSupport
import Testing

/// Against real servers and sentinels of the test's own.
@Suite(.timeLimit(.minutes(2 * Patience.factor))) struct RedisSentinelTests {
    @Test func `H95 after a failover the client goes on with the new primary by itself, blocked callers too`() async throws {
        let servers = try await SentinelServers.start()
        try await withClient(RedisConfiguration(url: ServiceURL(servers.url))) { client in
            #expect(try await client.ask("SET", "k", "1") == .simple("OK"))
            #expect(try await servers.first.ask("GET", "k").string == "1")
            #expect(try await client.ask("WAIT", 1, 5000) == .integer(1))
            let blocked = BlockedCaller(client: client)
            async let popped = blocked.pop("list")
            try await awaitTruth("somebody blocks") { try await servers.first.ask("CLIENT", "LIST").string?.contains("cmd=blpop") == true }

            servers.first.kill()
            let script = RedisScript(name: "count", source: "return redis.call('INCR', KEYS[1])")
            try await awaitTruth("the client has found the new primary") {
                (try? await client.run(script, "k")) != nil
            }
            #expect(try await servers.second.ask("GET", "k").int ?? 0 >= 2)
            try await awaitTruth("the blocked caller has, too") {
                try await servers.second.ask("CLIENT", "LIST").string?.contains("cmd=blpop") == true
            }
            _ = try await client.ask("RPUSH", "list", "item")
            #expect(try await popped == "item")
        }
    }

    @Test func `a primary that was made a replica while it lives is left`() async throws {
        let servers = try await SentinelServers.start()
        try await withClient(RedisConfiguration(url: ServiceURL(servers.url))) { client in
            _ = try await client.ask("SET", "k", "1")
            try await servers.sentinels[0].ask("SENTINEL", "FAILOVER", "mymaster")
            try await servers.awaitPrimary(servers.second)
            try await awaitTruth("writes go to the new primary") {
                _ = try? await client.ask("SET", "k", "2")
                return try await servers.second.ask("GET", "k").string == "2"
            }
        }
    }

    @Test func `a primary that does not know that it was replaced is left, but not for the word of an outdated sentinel`() async throws {
        let servers = [try await RedisServerProcess.start(), try await RedisServerProcess.start(), try await RedisServerProcess.start()]
        let sentinel = FakeSentinel(says(servers[0].port, epoch: 5))
        try await FakeServer.with(answers: { sentinel.answer.withLock { $0 } }) { port in
            var settings = try RedisConfiguration(url: ServiceURL("redis+sentinel://127.0.0.1:\(port)/mymaster"))
            guard case .sentinel(var sentinels) = settings.topology else { return #expect(Bool(false), "no sentinels") }
            sentinels.interval = .milliseconds(20)
            settings.topology = .sentinel(sentinels)
            try await withClient(settings) { client in
                _ = try await client.ask("INCR", "k")
                sentinel.answer.withLock { $0 = says(servers[1].port, epoch: 4) }
                for _ in 0..<20 {
                    _ = try await client.ask("INCR", "k")
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(try await servers[0].ask("GET", "k").int == 21)
                sentinel.answer.withLock { $0 = says(servers[2].port, epoch: 6) }
                try await awaitTruth("the new one is used") {
                    _ = try? await client.ask("INCR", "k")
                    return try await servers[2].ask("EXISTS", "k").int == 1
                }
                #expect(try await servers[1].ask("EXISTS", "k").int == 0)
            }
        }
    }

    private func says(_ port: Int, epoch: Int) -> String {
        "*2\r\n$9\r\n127.0.0.1\r\n$\("\(port)".utf8.count)\r\n\(port)\r\n*2\r\n$12\r\nconfig-epoch\r\n$1\r\n\(epoch)\r\n"
    }

    @Test func `no sentinel answers: the error names those that were asked`() async throws {
        let away = try ReservedPort()
        defer { withExtendedLifetime(away) {} }
        let port = away.number
        try await withClient(RedisConfiguration(url: ServiceURL("redis+sentinel://127.0.0.1:\(port)/mymaster"))) { client in
            let error = await #expect(throws: RedisError.self) { try await client.ask("GET", "k") }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("no sentinel answers, asked were 127.0.0.1:\(port)") == true)
        }
    }

    @Test func `the sentinels do not know the name: the error says where to look`() async throws {
        let server = try await RedisServerProcess.start()
        let sentinel = try await RedisServerProcess.startSentinel(["sentinel monitor mymaster 127.0.0.1 \(server.port) 1"])
        try await withClient(RedisConfiguration(url: ServiceURL("redis+sentinel://127.0.0.1:\(sentinel.port)/other"))) { client in
            let error = await #expect(throws: RedisError.self) { try await client.ask("GET", "k") }
            #expect(error?.message.contains("no primary \"other\"") == true)
            #expect(error?.message.contains("SENTINEL MASTERS") == true)
        }
    }

    @Test func `sentinels may have a password of their own`() async throws {
        let server = try await RedisServerProcess.start(arguments: ["--requirepass", "one"])
        let sentinel = try await RedisServerProcess.startSentinel([
            "sentinel monitor mymaster 127.0.0.1 \(server.port) 1", "sentinel auth-pass mymaster one", "requirepass two",
        ])
        let url = "redis+sentinel://:one@127.0.0.1:\(sentinel.port)/mymaster/3"
        try await withClient(RedisConfiguration(url: ServiceURL(url + "?sentinel-password=two"))) { client in
            let reply = try await client.ask("CLIENT", "INFO")
            #expect(reply.string?.contains(" db=3 ") == true)
        }
        try await withClient(RedisConfiguration(url: ServiceURL(url))) { client in
            #expect(await code { try await client.ask("GET", "k") } == .unavailable)
        }
    }

    @Test func `of two sentinels that disagree the newer configuration counts, and a replica is refused`() async throws {
        let (old, new) = (try await RedisServerProcess.start(), try await RedisServerProcess.start())
        try await FakeServer.with(answer: says(old.port, epoch: 1)) { outdated in
            try await FakeServer.with(answer: says(new.port, epoch: 2)) { current in
                for order in [[outdated, current], [current, outdated]] {
                    let url = "redis+sentinel://127.0.0.1:\(order[0]),127.0.0.1:\(order[1])/mymaster"
                    try await withClient(RedisConfiguration(url: ServiceURL(url))) { client in
                        _ = try await client.ask("INCR", "k")
                    }
                }
                #expect(try await new.ask("GET", "k").int == 2)
                #expect(try await old.ask("EXISTS", "k").int == 0)

                try await new.ask("REPLICAOF", "127.0.0.1", "1")
                let url = "redis+sentinel://127.0.0.1:\(outdated),127.0.0.1:\(current)/mymaster"
                try await withClient(RedisConfiguration(url: ServiceURL(url))) { client in
                    let error = await #expect(throws: RedisError.self) { try await client.ask("GET", "k") }
                    #expect(error?.message.contains("no primary") == true)
                }
            }
        }
    }
}

private final class FakeSentinel: Sendable {
    let answer: Mutex<String>

    init(_ answer: String) {
        self.answer = Mutex(answer)
    }
}

/// Tries again whenever the connection is lost, as consumers of a queue do.
private struct BlockedCaller: Sendable {
    let client: RedisClient

    func pop(_ key: RedisArgument) async throws -> String? {
        while true {
            do {
                return try await client.blocking(RedisCommand("BLPOP", key, 60), timeout: .seconds(60)).array?.last?.string
            } catch {
                guard error.code == .unavailable else { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
