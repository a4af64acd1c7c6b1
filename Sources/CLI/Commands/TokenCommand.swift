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
                guard let user = try await UserStore(pool: pool).find(name: name) else { throw UnknownUser(name: name) }
                return try await TokenStore(pool: pool).add(user: user.id, name: label)
            }
            print(token.reveal())
        }
    }
}

/// No user has the name that the operator gave.
struct UnknownUser: Error, CustomStringConvertible {
    let name: String
    var description: String { "there is no user named \(name)" }
}
