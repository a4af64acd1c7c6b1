import Logging
import Platform
import ServiceLifecycle

/// What a server says that may not be there yet when it is first asked.
enum FirstAnswer {
    /// Asks Redis until there is an answer.
    ///
    /// - Returns: nil when shutdown came before.
    static func wait<T: Sendable>(_ logger: Logger, _ ask: @escaping @Sendable () async throws -> T) async -> T? {
        await cancelWhenGracefulShutdown {
            var backoff = Backoff(base: .milliseconds(50), cap: .seconds(2))
            var isNews = true
            while !Task.isCancelled {
                do { return try await ask() } catch {
                    logger.log(level: isNews ? .warning : .debug, "no answer from Redis yet", metadata: .init([.error: "\(error)"]))
                    isNews = false
                }
                try? await Task.sleep(for: backoff.next())
            }
            return nil
        }
    }
}
