import ArgumentParser
import Jobs
import ServiceLifecycle
import UnixSignals

/// The worker of a benchmark of queues.
struct WorkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work", abstract: "Runs jobs as the BENCH_… variables say, until SIGTERM; for benchmark programs.",
        shouldDisplay: false)

    func run() async throws {
        guard let path = BenchTarget.variable("BENCH_LOG") else { throw OperatorError("BENCH_LOG is not set") }
        let log = try BenchTarget.Log(path: path, worker: UInt16(clamping: BenchTarget.number("BENCH_WORKER", default: 0)))
        var registry = JobRegistry()
        registry.register(BenchTarget.Mark.self) { mark, _ in
            log.write(mark.number, .start)
            if let milliseconds = mark.milliseconds {
                try await Task.sleep(for: .milliseconds(milliseconds))
                log.write(mark.number, .end)
            }
            return .done
        }
        var options = QueueOptions(BenchTarget.queue, concurrency: BenchTarget.number("BENCH_CONC", default: 50))
        if BenchTarget.variable("BENCH_FAST_RECOVERY") == "1" { options.leaseDuration = .seconds(5) }
        try await BenchTarget.withQueue { [registry, options] queue in
            let worker = try JobWorker(
                client: queue.client, queues: [options], registry: registry,
                drainTimeout: .milliseconds(BenchTarget.number("BENCH_DRAIN", default: 20_000)), logger: BenchTarget.logger)
            try await ServiceGroup(services: [worker], gracefulShutdownSignals: [.sigterm], logger: BenchTarget.logger).run()
        }
    }
}
