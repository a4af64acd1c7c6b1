import ArgumentParser

/// `sluice bench …`: what this installation achieves.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures this installation.",
        subcommands: [BenchQueueCommand.self, DrainCommand.self, ProduceCommand.self, WorkCommand.self])
}
