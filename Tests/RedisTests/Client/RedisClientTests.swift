import Platform
import Redis
import TestSupport
import Testing

@Suite(.requires(.redis), .timeLimit(.minutes(Patience.factor))) struct RedisClientTests {
    @Test func `values of any bytes come back as they were`() async throws {
        try await withClient { client in
            let key = unique()
            let bytes = (0...255).map { UInt8($0) }
            let reply = try await client.send(RedisCommand("SET", RedisArgument(key), RedisArgument(bytes), "EX", 60))
            #expect(reply == .simple("OK"))
            let reply2 = try await client.send(RedisCommand("GET", RedisArgument(key)))
            #expect(reply2 == .bytes(bytes))
            let reply3 = try await client.send(RedisCommand("GET", RedisArgument(key + "x")))
            #expect(reply3 == .null)
            #expect(client.isConnected)
        }
    }

    @Test func `a value of twenty megabytes`() async throws {
        try await withClient { client in
            let key = unique()
            let bytes = (0..<20_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            _ = try await client.send(RedisCommand("SET", RedisArgument(key), RedisArgument(bytes)), deadline: .seconds(30))
            let reply = try await client.send(RedisCommand("GETDEL", RedisArgument(key)), deadline: .seconds(30))
            #expect(reply.bytes == bytes)
        }
    }

    @Test func `an error of the server is thrown, and the connection lives`() async throws {
        try await withClient { client in
            let key = unique()
            _ = try await client.send(RedisCommand("SET", RedisArgument(key), "x", "EX", 60))
            let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("LPUSH", RedisArgument(key), "y")) }
            #expect(error?.code == .server)
            #expect(error?.serverCode == "WRONGTYPE")
            let reply = try await client.send(RedisCommand("GET", RedisArgument(key))).string
            #expect(reply == "x")
        }
    }

    @Test func `a pipeline returns every reply, errors among them`() async throws {
        try await withClient { client in
            let key = unique()
            let replies = try await client.send([
                RedisCommand("SET", RedisArgument(key), "5", "EX", 60), RedisCommand("LPUSH", RedisArgument(key), "x"),
                RedisCommand("INCR", RedisArgument(key)),
            ])
            #expect(replies.count == 3)
            #expect(replies.first == .simple("OK"))
            #expect(replies.last == .integer(6))
            guard case .error(let sentence) = replies[1] else { return #expect(Bool(false), "\(replies[1])") }
            #expect(sentence.hasPrefix("WRONGTYPE"))
            let reply = try await client.send([])
            #expect(reply == [])
        }
    }

    @Test func `every task gets its own replies, in its own order`() async throws {
        try await withClient { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<64 {
                    group.addTask {
                        for round in 0..<50 {
                            if round.isMultiple(of: 10) {
                                let texts = (0..<7).map { "\(task).\(round).\($0)" }
                                let replies = try await client.send(texts.map { RedisCommand("ECHO", RedisArgument($0)) })
                                #expect(replies.map(\.string) == texts)
                            } else {
                                let text = "\(task).\(round)"
                                let reply = try await client.send(RedisCommand("ECHO", RedisArgument(text)))
                                #expect(reply.string == text)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `cancelled callers do not disturb the others`() async throws {
        try await withClient { client in
            _ = try await client.send(RedisCommand("PING"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        await withTaskGroup(of: Void.self) { doomed in
                            doomed.addTask {
                                let result = await code { try await client.send(RedisCommand("ECHO", "doomed \(number)")) }
                                #expect(result == nil || result == .cancelled)
                            }
                            doomed.cancelAll()
                        }
                        let reply = try await client.send(RedisCommand("ECHO", RedisArgument(number)))
                        #expect(reply.int == Int64(number))
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `the database and the name of the connection are set`() async throws {
        var configuration = try RedisConfiguration(url: ServiceURL(TestServer.redis.url))
        configuration.database = 1
        configuration.clientName = "sluice-\(UInt32.random(in: .min ... .max))"
        try await withClient(configuration) { [configuration] client in
            let info = try await client.send(RedisCommand("CLIENT", "INFO")).string ?? ""
            #expect(info.contains(" db=1 "))
            #expect(info.contains(" name=\(configuration.clientName) "))
        }
    }

    @Test func `a script is loaded once and gets keys and arguments`() async throws {
        try await withClient { client in
            let script = RedisScript(name: "pair", source: "return {KEYS[1], ARGV[1], tonumber(ARGV[2])} -- \(unique())")
            #expect(script.sha1 == nil)
            let reply = try await client.evaluate(script, keys: ["k"], arguments: ["a", 7])
            #expect(reply.array == [.bytes(Array("k".utf8)), .bytes(Array("a".utf8)), .integer(7)])
            #expect(script.sha1?.utf8.count == 40)
            let second = try await client.evaluate(script, keys: ["l"], arguments: ["b", 8]).array?.last
            #expect(second == .integer(8))
        }
    }

    @Test func `an error of a script has its code`() async throws {
        try await withClient { client in
            let script = RedisScript(name: "refuse", source: "return redis.error_reply('FULL queue is full')")
            let error = await #expect(throws: RedisError.self) { try await client.evaluate(script, keys: [], arguments: []) }
            #expect(error?.serverCode == "FULL")
            #expect(error?.code == .server)
        }
    }

    @Test func `a blocking command waits without holding up the others`() async throws {
        try await withClient { client in
            let key = unique()
            async let popped = client.blocking(RedisCommand("BLPOP", RedisArgument(key), 20), timeout: .seconds(20))
            #expect(
                try await eventually(within: .seconds(10)) {
                    try await client.send(RedisCommand("CLIENT", "LIST")).string?.contains("cmd=blpop") ?? false
                })
            _ = try await client.send(RedisCommand("RPUSH", RedisArgument(key), "item"))
            #expect(try await popped.array?.last?.string == "item")
        }
    }

    @Test func `a blocking command that gets nothing returns null`() async throws {
        try await withClient { client in
            let reply = try await client.blocking(RedisCommand("BLPOP", RedisArgument(unique()), "0.01"), timeout: .milliseconds(10))
            #expect(reply == .null)
        }
    }

    @Test func `blocking connections are used again`() async throws {
        try await withClient { client in
            let first = try await client.blocking(RedisCommand("CLIENT", "ID"), timeout: .zero)
            let reply = try await client.blocking(RedisCommand("CLIENT", "ID"), timeout: .zero)
            #expect(reply == first)
            _ = await code { try await client.blocking(RedisCommand("NOSUCH"), timeout: .zero) }
            let reply2 = try await client.blocking(RedisCommand("CLIENT", "ID"), timeout: .zero)
            #expect(reply2 == first)
        }
    }

    @Test func `messages reach a subscriber in order`() async throws {
        try await withClient { client in
            let (one, two) = (unique(), unique())
            let subscription = try await client.subscribe(channels: [one, two])
            let reply = try await client.publish("a", to: one)
            #expect(reply == 1)
            try await client.publish("b", to: two)
            try await client.publish(RedisArgument([0, 255]), to: one)
            var iterator = subscription.makeAsyncIterator()
            let reply2 = try await iterator.next()
            #expect(reply2 == RedisMessage(channel: one, payload: Array("a".utf8)))
            let reply3 = try await iterator.next()
            #expect(reply3 == RedisMessage(channel: two, payload: Array("b".utf8)))
            let reply4 = try await iterator.next()
            #expect(reply4 == RedisMessage(channel: one, payload: [0, 255]))
        }
    }

    @Test func `the connection of a subscriber closes with the iteration`() async throws {
        try await withClient { client in
            let channel = unique()
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = await code {
                        for try await _ in try await client.subscribe(channels: [channel]) {}
                        return 0
                    }
                }
                _ = try? await eventually(within: .seconds(10)) { try await client.publish("x", to: channel) == 1 }
                group.cancelAll()
            }
            let isGone = try await eventually(within: .seconds(10)) { try await client.publish("x", to: channel) == 0 }
            #expect(isGone)
        }
    }
}
