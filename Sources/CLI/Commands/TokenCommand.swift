import Accounts
import ArgumentParser
import Platform

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "token", abstract: "API tokens.", subcommands: [Add.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds an API token and prints it. It is shown this once: only its digest is kept.")

        @Argument(help: "The user's name.")
        var name: String

        @Option(help: "What the token is for.")
        var label = "sluice token add"

        func run() async throws {
            let (name, label) = (name, label)
            let token = try await Composition.withPostgres { pool in
                try await TokenStore(pool: pool).add(user: UserStore(pool: pool).require(name: name).id, name: label)
            }
            print(token.reveal())
        }
    }
}
