import ArgumentParser
import Jobs
import Platform
import UnixSignals

/// `sluice bench queue`: a queue of its own, filled, drained and removed.
struct BenchQueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Sends no-op jobs through a queue of its own on this installation's Redis.",
        discussion: """
            Measures how soon a job on an idle queue is picked up, then fills the queue, then drains it with worker processes of its own. \
            Other queues are not touched, but share the server's time and memory; an interrupted run also removes what it made.
            """)

    /// Payloads in bytes that a run may put into Redis: it is somebody's production server.
    private static let mostBytes = 1 << 30

    @Option(help: "How many jobs fill the queue.")
    var jobs = 200_000

    @Option(help: "Jobs of one enqueue call.")
    var batch = 256

    @Option(help: "Bytes of each job's payload, up to 65536.")
    var payload = 64

    @Option(help: "Tenants among which the calls take turns.")
    var tenants = 1

    @Option(help: "Worker processes that drain the queue.")
    var processes = 1

    @Option(help: "Handlers at a time in each of them.")
    var concurrency = 256

    @Option(help: "Jobs sent one by one over the idle queue; 0 leaves that out.")
    var pickups = 500

    func validate() throws {
        guard jobs > 0, (1...RedisJobQueue.batchLimit).contains(batch), (1...1024).contains(concurrency), (1...64).contains(processes)
        else {
            throw ValidationError(
                "--jobs is positive, --batch 1 to \(RedisJobQueue.batchLimit), --concurrency 1 to 1024, --processes 1 to 64")
        }
        guard (0...JobRequest.maximumPayload).contains(payload), (1...100_000).contains(tenants), (0...100_000).contains(pickups) else {
            throw ValidationError("--payload is 0 to \(JobRequest.maximumPayload), --tenants 1 to 100000, --pickups 0 to 100000")
        }
        guard jobs <= Self.mostBytes / (payload + 200) else {
            throw ValidationError("that would take more than a gigabyte of Redis: fewer --jobs or a smaller --payload")
        }
    }

    func run() async throws {
        let bench = QueueBench(
            jobs: jobs, batch: batch, payload: payload, tenants: tenants, processes: processes, concurrency: concurrency, pickups: pickups)
        let figures = try await Composition.withBenchQueue(named: "bench-\(UUIDv7())") { queue in
            let result = await Self.untilInterrupted { try await bench.run(queue) }
            // Whatever came of it. What a killed worker had sent last, the server has read by then.
            if case .failure = result { try await Task.sleep(for: .milliseconds(200)) }
            try await queue.removeAll()
            try await QueueDirectory(client: queue.client).forget(queue.name)
            return try result.get()
        }
        print(bench.title)
        print(figures.table, terminator: "")
    }

    /// Cancels `body` when the operator interrupts, and waits for its end in any case.
    private static func untilInterrupted<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async -> Result<T, any Error> {
        await withTaskGroup(of: Result<T, any Error>.self) { group in
            group.addTask {
                do { return .success(try await body()) } catch { return .failure(error) }
            }
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup) { break }
                return .failure(OperatorError("interrupted"))
            }
            let first = await group.next()
            group.cancelAll()
            await group.waitForAll()
            return first ?? .failure(CancellationError())
        }
    }
}
