import Accounts
import ArgumentParser

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "user", abstract: "Users.", subcommands: [Add.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Adds a user.")

        @Argument(help: "The name, unique regardless of case.")
        var name: String

        @Option(help: "The address, unique regardless of case.")
        var email: String

        func run() async throws {
            let (name, email) = (name, email)
            let user = try await Composition.withPostgres { try await UserStore(pool: $0).add(name: name, email: email) }
            print("added user \(user.id)")
        }
    }
}
