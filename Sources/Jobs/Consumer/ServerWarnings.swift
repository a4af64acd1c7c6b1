package import Logging
package import Redis
import ServiceLifecycle

/// Says at the start what endangers what a process keeps in Redis, and refuses nothing for it.
package struct ServerWarnings: Service {
    private let client: RedisClient
    private let content: ServerCheck.Content
    private let logger: Logger

    package init(client: RedisClient, of content: ServerCheck.Content, logger: Logger) {
        self.client = client
        self.content = content
        self.logger = logger
    }

    /// Looks once, then waits for the end: a service that returns would end the process.
    package func run() async throws {
        let checks = await ServerCheck.awaited(client, of: content, logger: logger) ?? []
        for sentence in Set(checks.flatMap(\.sentences)).sorted() { logger.warning("\(sentence)") }
        try await gracefulShutdown()
    }
}
