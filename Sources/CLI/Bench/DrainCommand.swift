import ArgumentParser
import Glibc
import Jobs
import ServiceLifecycle
import UnixSignals

/// One of the workers of `sluice bench queue`.
struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Runs no-op jobs until SIGTERM or the end of its parent; for `bench queue`.", shouldDisplay: false)

    @Argument var queue: String
    @Option var concurrency: Int
    /// Process id of the one that started it.
    @Option var parent: Int32

    func run() async throws {
        let (concurrency, parent) = (concurrency, parent)
        try await Composition.withBenchQueue(named: queue) { queue in
            var registry = JobRegistry()
            registry.register(BenchJob.self) { _, _ in .done }
            let worker = try JobWorker(
                client: queue.client, queues: [QueueOptions(queue.name, concurrency: concurrency)], registry: registry,
                logger: BenchTarget.logger)
            let services = ServiceGroup(services: [worker], gracefulShutdownSignals: [.sigterm], logger: BenchTarget.logger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await services.run() }
                group.addTask {
                    while !worker.isReady { try await Task.sleep(for: .milliseconds(5)) }
                    print("ready")
                    fflush(nil)
                    while getppid() == parent { try await Task.sleep(for: .milliseconds(100)) }
                }
                // Whichever ends first: told to stop, or alone.
                try await group.next()
                group.cancelAll()
            }
        }
    }
}
