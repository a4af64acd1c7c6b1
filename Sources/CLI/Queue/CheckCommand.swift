import ArgumentParser
import Jobs

/// `sluice check`: whether the queues are what `docs/queue.md` says they always are.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Cross-checks the structures of the queues, and looks at the server's settings; fails when something does not add up.",
        discussion: "What endangers jobs without being wrong, such as a server that forgets them at a restart, is said but is no failure.")

    @Argument(help: "Queues to check; all unless given.")
    var queues: [String] = []

    @Option(help: "How many members of each structure are read; numbers always cover all.")
    var members = 5000

    func validate() throws {
        guard (1...5000).contains(members) else { throw ValidationError("--members is 1 to 5000") }
    }

    func run() async throws {
        let (given, members) = (queues, members)
        let violations = try await Composition.withRedis { client in
            var violations = try await ServerCheck.read(client).reduce(0) { $0 + Self.report($1) }
            let served = try await QueueDirectory(client: client).names()
            for name in given.isEmpty ? served : given {
                let found = try await PartitionedJobQueue.open(client: client, name: name).check(limit: members)
                // A misspelt name must not pass for a sound queue for ever.
                guard served.contains(name) || !found.isEmpty else { throw OperatorError(QueueCommand.unknown(name, served)) }
                print(name, found.isEmpty ? "consistent" : "\(found.count) violations", separator: "\t")
                for sentence in found { print("  " + sentence) }
                violations += found.count
            }
            return violations
        }
        if violations > 0 { throw ExitCode.failure }
    }

    /// - Returns: how much of it the queues cannot work with.
    private static func report(_ server: ServerCheck) -> Int {
        for sentence in server.sentences { print("redis", sentence, separator: "\t") }
        return server.refusal == nil ? 0 : 1
    }
}
