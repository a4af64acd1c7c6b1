import Jobs
import Logging

/// Measures a queue with jobs that do nothing. The queue is the bench's own; who calls removes it.
struct QueueBench: Sendable {
    private static let producers = 4

    let jobs: Int
    let batch: Int
    let payload: Int
    let tenants: Int
    let processes: Int
    let concurrency: Int
    let pickups: Int

    var title: String {
        "\(jobs) jobs of \(payload) bytes, tenants: \(tenants), batches of \(batch), worker processes: \(processes) × \(concurrency) handlers"
    }

    func run(_ queue: RedisJobQueue) async throws -> BenchFigures {
        let times = pickups > 0 ? try await pickUp(queue) : []
        let before = await queue.serverMemory()
        let enqueueing = try await ContinuousClock().measure { try await enqueue(queue) }
        let after = await queue.serverMemory()
        let draining = try await drain(queue)
        return BenchFigures(
            enqueued: Double(jobs) / (enqueueing / .seconds(1)), drained: Double(jobs) / (draining / .seconds(1)), pickups: times,
            bytesPerJob: before.flatMap { before in after.map { ($0 - before) / jobs } })
    }

    /// One job at a time, to a worker in this process, so that both ends have one clock.
    private func pickUp(_ queue: RedisJobQueue) async throws -> [Duration] {
        let (starts, started) = AsyncStream.makeStream(of: ContinuousClock.Instant.self)
        var registry = JobRegistry()
        registry.register(BenchJob.self) { _, _ in
            started.yield(.now)
            return .done
        }
        let worker = try JobWorker(
            client: queue.client, queues: [QueueOptions(queue.name, concurrency: concurrency)], registry: registry,
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
        return try await Composition.running({ try await worker.run() }) {
            var times: [Duration] = []
            var iterator = starts.makeAsyncIterator()
            // The first one waits for connections and scripts.
            for sample in 0...pickups {
                let start = ContinuousClock.now
                try await queue.enqueue([JobRequest(BenchJob(size: payload), queue: queue.name)])
                guard let began = await iterator.next() else { throw CancellationError() }
                if sample > 0 { times.append(start.duration(to: began)) }
                try await Task.sleep(for: .milliseconds(5))
            }
            return times
        }
    }

    private func enqueue(_ queue: RedisJobQueue) async throws {
        let batches = (jobs + batch - 1) / batch
        try await withThrowingTaskGroup(of: Void.self) { group in
            for producer in 0..<Self.producers {
                group.addTask {
                    for number in stride(from: producer, to: batches, by: Self.producers) {
                        let count = min(batch, jobs - number * batch)
                        let tenant = tenants == 1 ? "" : "t\(number % tenants)"
                        try await queue.enqueue(
                            (0..<count).map { _ in try JobRequest(BenchJob(size: payload), tenant: tenant, queue: queue.name) })
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// From the moment the queue is opened to workers that have all started, to the last acknowledgement.
    private func drain(_ queue: RedisJobQueue) async throws -> Duration {
        try await queue.pause(.queue)
        return try await WorkerProcess.with(processes, queue: queue.name, concurrency: concurrency) { workers in
            try await ContinuousClock().measure {
                try await queue.resume(.queue)
                while true {
                    let now = try await queue.snapshot()
                    if now.ready + now.inFlight == 0 { return }
                    try workers.requireRunning()
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
        }
    }
}
