import Logging
import NIOPosix
import Platform
import Redis
import RedisSupport
import TestSupport

/// Runs `body` with a client that is kept connected meanwhile, and whose limits are stretched.
func withClient<T: Sendable>(
    _ configuration: RedisConfiguration, on group: MultiThreadedEventLoopGroup = .singleton,
    _ body: @Sendable (RedisClient) async throws -> T
) async throws -> T {
    let client = RedisClient(configuration: configuration.stretched, eventLoopGroup: group, logger: .silent)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await client.run() }
        let result: Result<T, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        group.cancelAll()
        try await group.waitForAll()
        return try result.get()
    }
}

/// The same with the server of the environment.
func withClient<T: Sendable>(_ body: @Sendable (RedisClient) async throws -> T) async throws -> T {
    try await withClient(RedisConfiguration(url: ServiceURL(TestServer.redis.url)), body)
}

func configuration(of server: RedisServerProcess) -> RedisConfiguration {
    RedisConfiguration(host: "127.0.0.1", port: server.port)
}

/// The code of the error that `body` throws.
func code(_ body: () async throws -> some Any) async -> RedisError.Code? {
    do {
        _ = try await body()
        return nil
    } catch {
        return (error as? RedisError)?.code
    }
}

/// A key, channel or name that no other test uses.
func unique() -> String { "test:\(UUIDv7())" }

extension RedisClient {
    /// `send` with an error of any type.
    func ask(_ name: String, _ arguments: RedisArgument..., deadline: Duration? = nil) async throws -> RedisValue {
        try await send(RedisCommand(name, arguments: arguments), deadline: deadline)
    }

    /// `evaluate`, in the same way.
    func run(_ script: RedisScript, _ key: String, _ argument: RedisArgument = 1, deadline: Duration? = nil) async throws -> RedisValue {
        try await evaluate(script, keys: [key], arguments: [argument], deadline: deadline)
    }
}
