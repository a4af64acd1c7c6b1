import ArgumentParser
import Platform

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures this installation.", subcommands: [Queue.self, ProduceCommand.self, WorkCommand.self])

    struct Queue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sends no-op jobs through a queue of its own: enqueue first, then drain with one worker process, this one.")

        @Option(help: "How many jobs.")
        var jobs = 200_000

        @Option(help: "Jobs of one enqueue call.")
        var batch = 500

        @Option(help: "Handlers at a time.")
        var concurrency = 256

        func validate() throws {
            guard jobs > 0, (1...500).contains(batch), (1...1024).contains(concurrency) else {
                throw ValidationError("--jobs is positive, --batch 1 to 500, --concurrency 1 to 1024")
            }
        }

        func run() async throws {
            let bench = QueueBench(jobs: jobs, batch: batch, concurrency: concurrency)
            for line in try await Composition.withQueue(named: "bench-\(UUIDv7())", bench.run) { print(line) }
        }
    }
}
