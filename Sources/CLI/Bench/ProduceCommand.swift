import ArgumentParser
import Jobs

/// The producer of a benchmark of queues.
struct ProduceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "produce", abstract: "Enqueues jobs as the BENCH_… variables say; for benchmark programs.", shouldDisplay: false)

    private static let bulk = 1000

    func run() async throws {
        let (first, count) = (BenchTarget.number("BENCH_FIRST", default: 0), BenchTarget.number("BENCH_N", default: 0))
        let (rate, isBulk) = (BenchTarget.number("BENCH_RATE", default: 0), BenchTarget.variable("BENCH_MODE") == "bulk")
        let log = try BenchTarget.variable("BENCH_ENQ_LOG").map { try BenchTarget.Log(path: $0, worker: 0) }
        let milliseconds = BenchTarget.milliseconds
        let elapsed = try await BenchTarget.withQueue { queue in
            _ = try await queue.snapshot()
            let clock = ContinuousClock()
            return try await withTaskExecutorPreference(queue.executor) {
                try await clock.measure {
                    let start = clock.now
                    let step = isBulk ? Self.bulk : 1
                    for position in stride(from: 0, to: count, by: step) {
                        if rate > 0 { try await Task.sleep(until: start + .seconds(1) * position / rate, clock: clock) }
                        let numbers = (first + position)..<(first + min(position + step, count))
                        if let log { for number in numbers { log.write(UInt32(number), .enqueued) } }
                        try await queue.enqueue(
                            numbers.map { try BenchTarget.Mark(number: UInt32($0), milliseconds: milliseconds).request() })
                    }
                }
            }
        }
        print("{\"n\": \(count), \"seconds\": \(elapsed / .seconds(1))}")
    }
}
