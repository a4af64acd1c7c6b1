import Logging
import NIOPosix
import Platform
import Redis
import ServiceLifecycle
import TestSupport
import Testing

/// What goes wrong around a client: each test has a server, or a peer that only looks like one, to itself.
@Suite(.timeLimit(.minutes(Patience.factor))) struct RedisFailureTests {
    @Test func `H95 the client comes back after kill -9 and loads its scripts again`() async throws {
        let server = try await RedisServerProcess.start()
        try await withClient(configuration(of: server)) { client in
            let script = RedisScript(name: "one", source: "return 1")
            let reply = try await client.evaluate(script, keys: [], arguments: [])
            #expect(reply == .integer(1))
            server.kill()
            #expect(await eventually(within: .seconds(10)) { !client.isConnected })
            #expect(await code { try await client.send(RedisCommand("PING"), deadline: .seconds(1)) } == .unavailable)
            try await server.restart()
            #expect(await eventually(within: .seconds(10)) { client.isConnected })
            let reply2 = try await client.evaluate(script, keys: [], arguments: [])
            #expect(reply2 == .integer(1))
        }
    }

    @Test func `NOSCRIPT loads the script and sends again`() async throws {
        let server = try await RedisServerProcess.start()
        try await withClient(configuration(of: server)) { client in
            let script = RedisScript(name: "count", source: "return redis.call('INCR', KEYS[1])")
            let reply = try await client.evaluate(script, keys: ["k"], arguments: [])
            #expect(reply == .integer(1))
            _ = try await client.send(RedisCommand("SCRIPT", "FLUSH"))
            let reply2 = try await client.evaluate(script, keys: ["k"], arguments: [])
            #expect(reply2 == .integer(2))
        }
    }

    @Test func `commands in flight fail as unavailable when the server dies`() async throws {
        let server = try await RedisServerProcess.start()
        try await withClient(configuration(of: server)) { client in
            _ = try await client.send(RedisCommand("PING"))
            server.suspend()
            async let first = code { try await client.send(RedisCommand("PING")) }
            async let second = code { try await client.send([RedisCommand("PING"), RedisCommand("PING")]) }
            // The short deadline passes after the two above were submitted or at least created.
            #expect(await code { try await client.send(RedisCommand("PING"), deadline: .milliseconds(50).stretched) } == .timeout)
            server.kill()
            #expect(await first == .unavailable)
            #expect(await second == .unavailable)
        }
    }

    @Test func `a caller's deadline spares the connection`() async throws {
        let server = try await RedisServerProcess.start()
        try await withClient(configuration(of: server)) { client in
            let id = try await client.send(RedisCommand("CLIENT", "ID"))
            server.suspend()
            #expect(await code { try await client.send(RedisCommand("ECHO", "late"), deadline: .milliseconds(30)) } == .timeout)
            server.resume()
            let reply = try await client.send(RedisCommand("ECHO", "next")).string
            #expect(reply == "next")
            let reply2 = try await client.send(RedisCommand("CLIENT", "ID"))
            #expect(reply2 == id)
        }
    }

    @Test func `the watchdog remakes a connection whose reply is overdue`() async throws {
        let server = try await RedisServerProcess.start()
        var settings = configuration(of: server)
        settings.commandDeadline = .seconds(1)
        settings.connectTimeout = .seconds(1)
        try await withClient(settings) { client in
            let id = try await client.send(RedisCommand("CLIENT", "ID"))
            server.suspend()
            #expect(await code { try await client.send(RedisCommand("PING")) } == .timeout)
            #expect(await eventually(within: .seconds(10)) { !client.isConnected })
            server.resume()
            #expect(await eventually(within: .seconds(10)) { client.isConnected })
            let reply = try await client.send(RedisCommand("CLIENT", "ID"), deadline: .seconds(5).stretched)
            #expect(reply != id)
        }
    }

    @Test func `cancelling a blocking pop discards its connection, so that no item goes to nobody`() async throws {
        let server = try await RedisServerProcess.start()
        try await withClient(configuration(of: server)) { client in
            let waiting = { @Sendable () async throws -> Bool in
                try await client.send(RedisCommand("CLIENT", "LIST")).string?.contains("cmd=blpop") ?? false
            }
            await withTaskGroup(of: RedisError.Code?.self) { group in
                group.addTask { await code { try await client.blocking(RedisCommand("BLPOP", "k", 0), timeout: .seconds(60)) } }
                #expect((try? await eventually(within: .seconds(10), waiting)) == true)
                group.cancelAll()
                #expect(await group.next() == .cancelled)
            }
            #expect(try await eventually(within: .seconds(10)) { try await !waiting() })
            _ = try await client.send(RedisCommand("RPUSH", "k", "item"))
            let reply = try await client.send(RedisCommand("LLEN", "k"))
            #expect(reply == .integer(1))
        }
    }

    @Test func `a blocking pop whose server is silent times out and discards its connection`() async throws {
        let server = try await RedisServerProcess.start()
        var settings = configuration(of: server)
        settings.commandDeadline = .seconds(1)
        try await withClient(settings) { client in
            let id = try await client.blocking(RedisCommand("CLIENT", "ID"), timeout: .zero)
            server.suspend()
            #expect(await code { try await client.blocking(RedisCommand("BLPOP", "k", 1), timeout: .milliseconds(1)) } == .timeout)
            server.resume()
            #expect(await eventually(within: .seconds(10)) { client.isConnected })
            let reply = try await client.blocking(RedisCommand("CLIENT", "ID"), timeout: .seconds(5))
            #expect(reply != id)
        }
    }

    @Test func `no more blocking connections than allowed`() async throws {
        let server = try await RedisServerProcess.start()
        var settings = configuration(of: server)
        settings.maximumBlockingConnections = 1
        try await withClient(settings) { client in
            async let popped = client.blocking(RedisCommand("BLPOP", "k", 30), timeout: .seconds(30))
            #expect(
                try await eventually(within: .seconds(10)) {
                    try await client.send(RedisCommand("CLIENT", "LIST")).string?.contains("cmd=blpop") ?? false
                })
            #expect(await code { try await client.blocking(RedisCommand("PING"), timeout: .zero) } == .unavailable)
            _ = try await client.send(RedisCommand("RPUSH", "k", "x"))
            #expect(try await popped.array?.last?.string == "x")
            let reply = try await client.blocking(RedisCommand("PING"), timeout: .zero)
            #expect(reply == .simple("PONG"))
        }
    }

    @Test func `a subscription ends with an error when its connection is lost`() async throws {
        let server = try await RedisServerProcess.start()
        try await withClient(configuration(of: server)) { client in
            let subscription = try await client.subscribe(channels: ["c"])
            server.kill()
            let result = await code {
                for try await _ in subscription {}
                return 0
            }
            #expect(result == .unavailable)
        }
    }

    // MARK: Credentials and TLS

    @Test func `a password is given, a wrong one is refused and not shown`() async throws {
        let server = try await RedisServerProcess.start(arguments: ["--requirepass", "right"])
        var settings = configuration(of: server)
        settings.password = Secret("right")
        try await withClient(settings) { client in
            let reply = try await client.send(RedisCommand("PING"))
            #expect(reply == .simple("PONG"))
        }
        settings.password = Secret("wrong")
        try await withClient(settings) { client in
            let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("PING")) }
            #expect(error?.code == .unavailable)
            #expect((error?.underlying as? RedisError)?.code == .configuration)
            #expect(error?.debugDescription.contains("wrong ") == false)
        }
        settings.password = nil
        try await withClient(settings) { client in
            let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("PING")) }
            #expect((error?.underlying as? RedisError)?.code == .configuration)
        }
    }

    @Test func `TLS with the certificate authority of the configuration`() async throws {
        let server = try await RedisServerProcess.start(tls: true)
        for host in ["127.0.0.1", "localhost"] {
            let url = "rediss://\(host):\(server.port)?ca=\(server.certificateAuthority ?? "")"
            try await withClient(RedisConfiguration(url: ServiceURL(url))) { client in
                let reply = try await client.send(RedisCommand("PING"), deadline: .seconds(5).stretched)
                #expect(reply == .simple("PONG"))
                let reply2 = try await client.blocking(RedisCommand("PING"), timeout: .zero)
                #expect(reply2 == .simple("PONG"))
            }
        }
    }

    @Test func `H68 an unknown certificate, and a server without TLS, are refused`() async throws {
        let server = try await RedisServerProcess.start(tls: true)
        let stranger = try await RedisServerProcess.start(tls: true)
        let plain = try await RedisServerProcess.start()
        let authority = stranger.certificateAuthority ?? ""
        for (port, query) in [(server.port, ""), (server.port, "?ca=\(authority)"), (plain.port, "?ca=\(authority)")] {
            try await withClient(RedisConfiguration(url: ServiceURL("rediss://127.0.0.1:\(port)\(query)"))) { client in
                #expect(await code { try await client.send(RedisCommand("PING")) } == .unavailable)
                #expect(!client.isConnected)
            }
        }
    }

    @Test func `certificates that cannot be read end the client at once`() async throws {
        let settings = try RedisConfiguration(url: ServiceURL("rediss://127.0.0.1:1?ca=/nonexistent.pem"))
        let client = RedisClient(
            configuration: settings, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
        #expect(await code { try await client.run() } == .configuration)
    }

    // MARK: Hostile or unready peers

    /// Once it has lost its connection it makes no other for so long that nobody can miss it.
    private func stayingAway(from port: Int) -> RedisConfiguration {
        var settings = RedisConfiguration(host: "127.0.0.1", port: port)
        settings.backoff = Backoff(base: .seconds(600), cap: .seconds(600))
        return settings
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n\r\n", RedisError.Code.protocolViolation), (":1\r\n:2\r\n:3\r\n", .unavailable),
        ("$99999999999\r\n", .replyTooLarge), (String(repeating: "*1\r\n", count: 50), .protocolViolation),
        ("*2\r\n:1\r\n$-5\r\n", .protocolViolation),
    ])
    func `a peer that talks nonsense costs its connection, nothing else`(answer: String, expected: RedisError.Code) async throws {
        try await FakeServer.with(answer: answer) { port in
            try await withClient(stayingAway(from: port)) { client in
                let result = await code { try await client.send(RedisCommand("GET", "k")) }
                // Three replies to one command: the first is taken for its own, the second ends the connection.
                #expect(result == (expected == .unavailable ? nil : expected))
                let isLost = await eventually(within: .seconds(10)) { !client.isConnected }
                #expect(isLost)
            }
        }
    }

    @Test(arguments: ["LOADING Redis is loading", "MASTERDOWN Link with MASTER is down"])
    func `a server that is not ready is unavailable`(sentence: String) async throws {
        try await FakeServer.with(greeting: "+OK\r\n-\(sentence)\r\n", answer: "+OK\r\n") { port in
            try await withClient(RedisConfiguration(host: "127.0.0.1", port: port)) { client in
                #expect(await code { try await client.send(RedisCommand("GET", "k")) } == .unavailable)
                #expect(!client.isConnected)
            }
        }
    }

    @Test func `a replica that refuses to write is unavailable, for commands and for pipelines`() async throws {
        for batch in [false, true] {
            try await FakeServer.with(answer: "-READONLY You can't write against a read only replica.\r\n") { port in
                try await withClient(stayingAway(from: port)) { client in
                    let command = RedisCommand("SET", "k", "v")
                    let result =
                        batch ? await code { try await client.send([command]) } : await code { try await client.send(command) }
                    #expect(result == .unavailable)
                    let isLost = await eventually(within: .seconds(10)) { !client.isConnected }
                    #expect(isLost)
                }
            }
        }
    }

    @Test func `a peer that never greets does not hold up callers`() async throws {
        try await FakeServer.with(greeting: "", answer: "") { port in
            var settings = RedisConfiguration(host: "127.0.0.1", port: port)
            settings.connectTimeout = .milliseconds(50)
            try await withClient(settings) { client in
                #expect(await code { try await client.send(RedisCommand("PING")) } == .unavailable)
            }
        }
    }

    // MARK: Shutdown

    @Test func `graceful shutdown lets replies arrive and refuses new commands`() async throws {
        let server = try await RedisServerProcess.start()
        let logger = Logger.silent
        let client = RedisClient(
            configuration: configuration(of: server), eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        let services = ServiceGroup(services: [client], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            _ = try await client.send(RedisCommand("PING"))
            server.suspend()
            async let reply = client.send(RedisCommand("ECHO", "last"))
            #expect(await code { try await client.send(RedisCommand("PING"), deadline: .milliseconds(30).stretched) } == .timeout)
            await services.triggerGracefulShutdown()
            #expect(
                await eventually(within: .seconds(10)) {
                    await code { try await client.send(RedisCommand("PING"), deadline: .milliseconds(20)) } == .closed
                })
            server.resume()
            #expect(try await reply.string == "last")
            try await group.waitForAll()
        }
        #expect(await code { try await client.send(RedisCommand("PING")) } == .closed)
        #expect(await code { try await client.blocking(RedisCommand("PING"), timeout: .zero) } == .closed)
        #expect(await code { try await client.subscribe(channels: ["c"]) } == .closed)
    }

    @Test func `without a server commands fail at once, and the client still ends`() async throws {
        var settings = RedisConfiguration(host: "127.0.0.1", port: 1)
        settings.backoff = Backoff(base: .seconds(30), cap: .seconds(30))
        try await withClient(settings) { client in
            #expect(await code { try await client.send(RedisCommand("PING")) } == .unavailable)
            #expect(await code { try await client.send(RedisCommand("PING")) } == .unavailable)
        }
    }

    @Test func `a command waits for a client that is about to start, at most until its deadline`() async throws {
        let client = RedisClient(
            configuration: RedisConfiguration(host: "127.0.0.1", port: 1), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test"))
        #expect(await code { try await client.send(RedisCommand("PING"), deadline: .milliseconds(20)) } == .unavailable)
    }
}
