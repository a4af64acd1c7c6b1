import Platform
import Redis
import RedisSupport
import TestSupport
import Testing

/// Against real nodes of the test's own.
@Suite(.timeLimit(.minutes(2 * Patience.factor))) struct RedisClusterTests {
    /// Keys whose slots lie on each of three nodes.
    private let keys = ["{a}", "{b}", "{c}", "{d}", "{e}", "{f}", "{g}", "{h}"]
    private let script = RedisScript(name: "count", source: "return redis.call('INCRBY', KEYS[1], ARGV[1])")

    @Test func `commands, pipelines, scripts and messages reach the nodes of their keys`() async throws {
        let servers = try await ClusterServers.start()
        try await withClient(RedisConfiguration(url: ServiceURL(servers.url))) { client in
            #expect(Set(keys.map { servers.primary(of: RedisCommand("GET", RedisArgument($0)).slot ?? 0) }) == [0, 1, 2])
            for key in keys {
                #expect(try await client.run(script, key, 7) == .integer(7))
                let replies = try await client.send([RedisCommand("INCR", RedisArgument(key)), RedisCommand("GET", RedisArgument(key))])
                #expect(replies.map(\.int) == [8, 8])
            }
            #expect(try await servers.errors("MOVED") == 0, "the map was right from the start")
            #expect(try await client.sendEverywhere(RedisCommand("DBSIZE")).compactMap(\.int).reduce(0, +) == Int64(keys.count))

            // Scripts are each node's own.
            for node in servers.nodes { try await node.ask("SCRIPT", "FLUSH") }
            for key in keys { #expect(try await client.run(script, key, 1) == .integer(9)) }

            #expect(await code { try await client.send([RedisCommand("GET", "{a}"), RedisCommand("GET", "{b}")]) } == .configuration)
            let crossing = await #expect(throws: RedisError.self) { try await client.ask("MGET", "{a}", "{b}") }
            #expect(crossing?.serverCode == "CROSSSLOT")

            let subscription = try await client.subscribe(channels: ["c"])
            try await client.publish("hello", to: "c")
            for try await message in subscription {
                #expect(message.payload == Array("hello".utf8))
                break
            }
        }
    }

    @Test func `a slot is moved under the eyes of its users: they are asked on, wait, and go on`() async throws {
        let servers = try await ClusterServers.start()
        let slot = try #require(RedisCommand("GET", "{a}").slot)
        let source = servers.primary(of: slot)
        let target = (source + 1) % 3
        try await withClient(RedisConfiguration(url: ServiceURL(servers.url))) { client in
            for name in ["x", "y"] { _ = try await client.ask("SET", RedisArgument("{a}" + name), "1") }
            try await servers.beginMove(of: slot, from: source, to: target)
            // What is there is served there; what is not may be on the other side.
            #expect(try await client.ask("INCR", "{a}x") == .integer(2))
            #expect(try await servers.errors("ASK") == 0)
            #expect(try await client.ask("SET", "{a}new", "1") == .simple("OK"))
            let replies = try await client.send([RedisCommand("INCR", "{a}x"), RedisCommand("INCR", "{a}new")])
            #expect(replies == [.integer(3), .integer(2)])
            #expect(try await servers.errors("ASK") >= 2)

            #expect(try await servers.moveKeys(of: slot, from: source, to: target, count: 1) == 1)
            // A command that finds some of its keys on either side waits; both an end and a deadline are answers.
            let impatient = await #expect(throws: RedisError.self) {
                try await client.ask("MGET", "{a}x", "{a}y", deadline: .seconds(1).stretched)
            }
            #expect(impatient?.serverCode == "TRYAGAIN")
            async let both = client.ask("MGET", "{a}x", "{a}y", deadline: .seconds(30).stretched)
            #expect(try await eventually(within: .seconds(10)) { try await servers.errors("TRYAGAIN") > 5 })
            while try await servers.moveKeys(of: slot, from: source, to: target) > 0 {}
            try await servers.endMove(of: slot, from: source, to: target)
            #expect(try await both.array?.map(\.int) == [3, 1])

            #expect(try await client.ask("INCR", "{a}new") == .integer(3))
        }
    }

    /// Whoever was made to wait has asked for a new map meanwhile, so it takes one that had no reason to.
    @Test func `a slot was moved while nobody used it: its next user is told once, and remembers`() async throws {
        let servers = try await ClusterServers.start()
        let slot = try #require(RedisCommand("GET", "{a}").slot)
        let source = servers.primary(of: slot)
        let target = (source + 1) % 3
        try await withClient(RedisConfiguration(url: ServiceURL(servers.url))) { client in
            #expect(try await client.ask("INCR", "{a}x") == .integer(1))
            try await servers.beginMove(of: slot, from: source, to: target)
            while try await servers.moveKeys(of: slot, from: source, to: target) > 0 {}
            try await servers.endMove(of: slot, from: source, to: target)
            #expect(try await servers.errors("MOVED") == 0)
            for count in 2...6 { #expect(try await client.ask("INCR", "{a}x") == .integer(Int64(count))) }
            #expect(try await servers.errors("MOVED") == 1)
        }
    }

    @Test func `a blocking pop follows the slot of its key`() async throws {
        let servers = try await ClusterServers.start()
        let slot = try #require(RedisCommand("GET", "{a}").slot)
        let source = servers.primary(of: slot)
        let target = (source + 1) % 3
        try await withClient(RedisConfiguration(url: ServiceURL(servers.url))) { client in
            async let popped = client.blocking(RedisCommand("BLPOP", "{a}list", 60), timeout: .seconds(60))
            #expect(
                try await eventually(within: .seconds(10)) {
                    try await servers.nodes[source].ask("CLIENT", "LIST").string?.contains("cmd=blpop") == true
                })
            try await servers.beginMove(of: slot, from: source, to: target)
            try await servers.endMove(of: slot, from: source, to: target)
            #expect(
                try await eventually(within: .seconds(10)) {
                    try await servers.nodes[target].ask("CLIENT", "LIST").string?.contains("cmd=blpop") == true
                })
            _ = try await client.ask("RPUSH", "{a}list", "item")
            #expect(try await popped.array?.last?.string == "item")
        }
    }

    @Test func `H95 a primary is killed and its replica takes over: commands wait for it`() async throws {
        let servers = try await ClusterServers.start(replicas: 1)
        try await withClient(RedisConfiguration(url: ServiceURL(servers.url))) { client in
            let key = try #require(keys.first { servers.primary(of: RedisCommand("GET", RedisArgument($0)).slot ?? 0) == 0 })
            for key in keys { _ = try await client.run(script, key, 5) }
            try await awaitTruth("the replica has it") {
                try await servers.nodes[3].ask("DBSIZE") == servers.nodes[0].ask("DBSIZE")
            }
            servers.nodes[0].kill()
            // The first may have been on its way when the node died; no later one is.
            _ = try? await client.ask("GET", RedisArgument(key), deadline: .milliseconds(100))
            let reply = try await client.run(script, key, 1, deadline: .seconds(30).stretched)
            #expect(reply == .integer(6))
            // Nobody else was troubled.
            for other in keys where other != key {
                #expect((try await client.ask("GET", RedisArgument(other))).int == 5)
            }
        }
    }

    @Test func `a slot that no node serves: the error names the state of the cluster, other slots are served`() async throws {
        let servers = try await ClusterServers.start()
        let slot = try #require(RedisCommand("GET", "{a}").slot)
        for node in servers.nodes {
            try await node.ask("CONFIG", "SET", "cluster-require-full-coverage", "no")
            try await node.ask("CLUSTER", "DELSLOTS", RedisArgument(slot))
        }
        try await withClient(RedisConfiguration(url: ServiceURL(servers.url))) { client in
            let error = await #expect(throws: RedisError.self) {
                try await client.ask("GET", "{a}", deadline: .seconds(1).stretched)
            }
            #expect(error?.serverCode == "CLUSTERDOWN")
            let other = try await client.ask("SET", "{b}", "1")
            #expect(other == .simple("OK"))
        }
    }

    @Test func `no node answers: the error says whom to start, at once`() async throws {
        let away = [try ReservedPort(), try ReservedPort()]
        defer { withExtendedLifetime(away) {} }
        let ports = away.map(\.number)
        let url = "redis+cluster://127.0.0.1:\(ports[0]),127.0.0.1:\(ports[1])"
        try await withClient(RedisConfiguration(url: ServiceURL(url))) { client in
            let error = await #expect(throws: RedisError.self) { try await client.ask("GET", "k") }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("127.0.0.1:\(ports[1])") == true)
            #expect(!client.isConnected)
        }
    }

    @Test func `a single server is not taken for a cluster, and the error says what to write`() async throws {
        let server = try await RedisServerProcess.start()
        try await withClient(RedisConfiguration(url: ServiceURL("redis+cluster://127.0.0.1:\(server.port)"))) { client in
            let error = await #expect(throws: RedisError.self) { try await client.ask("GET", "k") }
            #expect(error?.message.contains("write redis://") == true)
        }
    }
}
