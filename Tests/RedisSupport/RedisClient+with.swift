import Logging
import NIOPosix
import Platform
public import Redis

extension RedisClient {
    /// A running client for the length of `body`, with stretched limits.
    public static func with<T: Sendable>(
        _ url: String, quiet: Bool = true, _ body: @Sendable (RedisClient) async throws -> T
    ) async throws -> T {
        var logger = Logger(label: "test")
        logger.logLevel = quiet ? .critical : .debug
        let client = try RedisClient(
            configuration: RedisConfiguration(url: ServiceURL(url)).stretched, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            defer { group.cancelAll() }
            return try await body(client)
        }
    }
}
