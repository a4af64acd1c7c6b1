import Jobs
import Logging
import Synchronization

/// Measures a queue with jobs that do nothing.
struct QueueBench: Sendable {
    /// A job that does nothing.
    private struct Nothing: JobContract {
        static var type: String { "bench-nothing" }
        static var schemaVersion: Int { 1 }
        static var queue: String { "bench" }
        static var policy: RetryPolicy { .standard }
    }

    /// Counts finished jobs and tells when the last one is done.
    private final class Countdown: Sendable {
        private let left: Mutex<Int>
        private let (signal, finish) = AsyncStream.makeStream(of: Void.self)

        init(_ count: Int) {
            left = Mutex(count)
        }

        func done() {
            let isLast = left.withLock { left in
                left -= 1
                return left == 0
            }
            if isLast { finish.finish() }
        }

        func wait() async {
            for await _ in signal {}
        }
    }

    private static let producers = 4

    let jobs: Int
    let batch: Int
    let concurrency: Int

    /// - Returns: the figures, a line each.
    func run(_ queue: RedisJobQueue) async throws -> [String] {
        let enqueueing = try await ContinuousClock().measure { try await enqueue(queue) }
        let draining = try await drain(queue)
        return [line("jobs enqueued, batches of \(batch)", enqueueing), line("jobs drained by one worker process", draining)]
    }

    private func line(_ what: String, _ time: Duration) -> String {
        let rate = String(Int(Double(jobs) / (time / .seconds(1))))
        return what + String(repeating: " ", count: max(1, 70 - what.count - rate.count)) + rate + " jobs/s"
    }

    private func enqueue(_ queue: RedisJobQueue) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for producer in 0..<Self.producers {
                let share = jobs / Self.producers + (producer < jobs % Self.producers ? 1 : 0)
                group.addTask { [batch] in
                    var left = share
                    while left > 0 {
                        let count = min(batch, left)
                        _ = try await queue.enqueue((0..<count).map { _ in try JobRequest(Nothing(), queue: queue.name) })
                        left -= count
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func drain(_ queue: RedisJobQueue) async throws -> Duration {
        let countdown = Countdown(jobs)
        var registry = JobRegistry()
        registry.register(Nothing.self) { _, _ in
            countdown.done()
            return .done
        }
        let worker = try JobWorker(
            client: queue.client, queues: [QueueOptions(queue.name, concurrency: concurrency)], registry: registry,
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
        return try await ContinuousClock().measure {
            try await Composition.running({ try await worker.run() }) {
                await countdown.wait()
                // Handled is not yet acknowledged.
                while try await queue.snapshot().inFlight > 0 { try await Task.sleep(for: .milliseconds(1)) }
            }
        }
    }
}
