import Accounts
import ArgumentParser
import FoundationEssentials

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "What happened to a user's account: time, what, network or operator, details; one line each, the newest first.",
        discussion: "Kept for 90 days.")

    @Argument(help: "The user's name.")
    var name: String

    @Option(help: "At most so many lines.")
    var limit = 100

    func validate() throws {
        guard (1...100_000).contains(limit) else { throw ValidationError("--limit is 1 to 100000") }
    }

    func run() async throws {
        let (name, limit) = (name, limit)
        let events = try await Composition.withPostgres { pool in
            try await AuditLog(pool: pool).list(of: UserStore(pool: pool).require(name: name).id, limit: limit)
        }
        for event in events {
            // One of a newer version's kinds has no name here.
            print(event.at.formatted(.iso8601), event.kind?.rawValue ?? "other", event.network, event.detail, separator: "\t")
        }
    }
}
