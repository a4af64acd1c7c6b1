import ArgumentParser
import Jobs

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "jobs", abstract: "Single jobs.", subcommands: [Cancel.self])

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancels jobs that wait or run; the handler of one that runs is told within seconds.")

        @Argument(help: "The queue, as `sluice queues` lists it.")
        var queue: String

        @Argument(help: "Ids of jobs.")
        var ids: [String]

        func run() async throws {
            let ids = ids
            let results = try await Composition.withQueue(named: queue) { try await $0.cancel(ids) }
            for (id, result) in zip(ids, results) {
                switch result {
                case .cancelled: print(id, "cancelled", separator: "\t")
                case .dead: print(id, "dead: drop it instead", separator: "\t")
                case .notFound: print(id, "no such job", separator: "\t")
                }
            }
            if results.contains(where: { $0 != .cancelled }) { throw ExitCode.failure }
        }
    }
}
