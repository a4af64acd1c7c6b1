import NIOCore
import NIOPosix
import Platform
import Redis
import RedisSupport
import Synchronization
import TestSupport
import Testing

/// Tasks that prefer the client's executor: their commands take a way of their own (`DirectExchange`), which must not show.
@Suite(.requires(.redis), .timeLimit(.minutes(Patience.factor))) struct RedisExecutorTests {
    @Test func `replies of any size come in order`() async throws {
        try await withClient { client in
            let key = unique()
            try await withTaskExecutorPreference(client.executor) {
                for number in 0..<1500 {
                    // Longer than what is read at once, and than what a socket takes at once.
                    let size = number % 100 == 99 ? 3_000_000 : number * 37 % 20_000
                    let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size)
                    let replies = try await client.send([
                        RedisCommand("SET", RedisArgument(key), RedisArgument(bytes), "EX", 60), RedisCommand("GET", RedisArgument(key)),
                    ])
                    #expect(replies == [.simple("OK"), .bytes(bytes)])
                    let length = try await client.ask("STRLEN", RedisArgument(key))
                    #expect(length == .integer(Int64(size)))
                }
            }
            _ = try await client.ask("DEL", RedisArgument(key))
        }
    }

    @Test func `many tasks, on the thread and elsewhere, get their own replies`() async throws {
        try await withClient { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<16 {
                    group.addTask(executorPreference: task.isMultiple(of: 2) ? client.executor : nil) {
                        for number in 0..<200 {
                            let text = "\(task)-\(number)"
                            let echo = try await client.ask("ECHO", RedisArgument(text))
                            #expect(echo.string == text)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `who sends one command after the other leaves the thread to others`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let turns = Turns()
        try await withClient(RedisConfiguration(url: ServiceURL(TestServer.redis.url)), on: group) { client in
            _ = try await client.ask("PING")
            let timer = group.next().scheduleRepeatedTask(initialDelay: .zero, delay: .microseconds(50)) { _ in turns.increment() }
            try await withTaskExecutorPreference(client.executor) {
                for _ in 0..<3200 { _ = try await client.ask("PING") }
            }
            timer.cancel()
        }
        // After every 32 commands at the latest.
        #expect(turns.value >= 90)
        try await group.shutdownGracefully()
    }

    @Test func `a reply that takes long comes all the same, or the caller's deadline passes`() async throws {
        let server = try await RedisServerProcess.start(arguments: ["--enable-debug-command", "local"])
        try await withClient(configuration(of: server)) { client in
            try await withTaskExecutorPreference(client.executor) {
                for _ in 0..<20 {
                    let slept = try await client.ask("DEBUG", "SLEEP", "0.002")
                    #expect(slept == .simple("OK"))
                    let echo = try await client.ask("ECHO", "quick")
                    #expect(echo.string == "quick")
                }
                server.suspend()
                let late = await code { try await client.ask("ECHO", "late", deadline: .milliseconds(50)) }
                #expect(late == .timeout)
                server.resume()
                let echo = try await client.ask("ECHO", "next")
                #expect(echo.string == "next")
            }
        }
    }

    @Test func `a server that dies is unavailable, and one that is back is used again`() async throws {
        let server = try await RedisServerProcess.start()
        try await withClient(configuration(of: server)) { client in
            try await withTaskExecutorPreference(client.executor) {
                for _ in 0..<10 { _ = try await client.ask("PING") }
                server.kill()
                let lost = await code { while true { _ = try await client.ask("PING") } }
                #expect(lost == .unavailable)
                try await server.restart()
                #expect(await eventually(within: .seconds(10)) { (try? await client.ask("PING")) == .simple("PONG") })
            }
        }
    }
}

private final class Turns: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func increment() {
        count.wrappingAdd(1, ordering: .relaxed)
    }
}
