import Accounts
import ArgumentParser
import Files

struct FilesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "files", abstract: "Files.", subcommands: [List.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "Lists a user's files: id, state, bytes, digest, name; one line each, newest first.")

        @Argument(help: "The user's name.")
        var name: String

        func run() async throws {
            let name = name
            try await Composition.withPostgres { pool in
                let user = try await UserStore(pool: pool).require(name: name)
                let catalog = FileCatalog(pool: pool)
                var cursor: FileCursor?
                repeat {
                    let page = try await catalog.page(owner: user.id, limit: FileCatalog.maximumLimit, cursor: cursor)
                    for file in page.files { print(file.id, file.state.rawValue, file.size, file.sha256, file.name, separator: "\t") }
                    cursor = page.next
                } while cursor != nil
            }
        }
    }
}
