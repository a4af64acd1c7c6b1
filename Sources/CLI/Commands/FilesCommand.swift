import Accounts
import ArgumentParser
import Files
import Outbox
import Platform

struct FilesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "files", abstract: "Files.", subcommands: [List.self, Retry.self])

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

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retry", abstract: "Transfers files again whose transfer was given up; prints their ids.")

        @Argument(help: "The user's name.")
        var name: String

        @Option(name: .customLong("id"), help: "Only this file. May be given several times.", transform: Self.fileID)
        var ids: [FileID] = []

        func run() async throws {
            let (name, wanted) = (name, Set(ids))
            try await Composition.withRelay { pool, relay in
                let user = try await UserStore(pool: pool).require(name: name)
                let catalog = FileCatalog(pool: pool)
                var left = wanted
                var cursor: FileCursor?
                repeat {
                    let page = try await catalog.page(owner: user.id, limit: FileCatalog.maximumLimit, cursor: cursor)
                    let failed = page.files.filter { $0.state == .failed && (wanted.isEmpty || wanted.contains($0.id)) }
                    for file in try await relay.retry(failed) {
                        print(file.id)
                        left.remove(file.id)
                    }
                    cursor = page.next
                } while cursor != nil
                guard left.isEmpty else { throw NotFailed(files: left) }
            }
        }

        private static func fileID(_ text: String) throws -> FileID {
            guard let id = FileID(text) else { throw ValidationError("'\(text)' is no id of a file") }
            return id
        }
    }
}

/// Files that the operator named were not there to be retried.
struct NotFailed: Error, CustomStringConvertible {
    let files: Set<FileID>
    var description: String { "not retried, since they have not failed: " + files.map(\.description).sorted().joined(separator: " ") }
}
