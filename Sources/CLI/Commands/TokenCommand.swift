import Accounts
import ArgumentParser
import FoundationEssentials
import Platform

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "API tokens.", subcommands: [Add.self, List.self, Revoke.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds an API token and prints it. It is shown this once: only its digest is kept.")

        @Argument(help: "The user's name.")
        var name: String

        @Option(help: "What the token is for.")
        var label = "sluice token add"

        @Option(
            name: .customLong("scope"),
            help: "What it may be used for: read, write or delete. May be given several times; all unless given.", transform: Self.scope)
        var scopes: [TokenScope] = []

        func run() async throws {
            let (name, label, scopes) = (name, label, scopes.isEmpty ? Set<TokenScope>.all : Set(scopes))
            let token = try await Composition.withPostgres { pool in
                try await TokenStore(pool: pool).add(user: UserStore(pool: pool).require(name: name).id, name: label, scopes: scopes)
            }
            print(token.reveal())
        }

        private static func scope(_ text: String) throws -> TokenScope {
            guard let scope = TokenScope(rawValue: text) else {
                throw ValidationError("'\(text)' is none of \(Set<TokenScope>.all.names.joined(separator: ", "))")
            }
            return scope
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls",
            abstract: "Lists a user's tokens: number, made at, last used at, scopes, label; one line each, the oldest first.")

        @Argument(help: "The user's name.")
        var name: String

        func run() async throws {
            let name = name
            let tokens = try await Composition.withPostgres { pool in
                try await TokenStore(pool: pool).list(user: UserStore(pool: pool).require(name: name).id)
            }
            for token in tokens {
                let lastUse = token.lastUsedAt.map { $0.formatted(.iso8601) } ?? "never"
                print(
                    token.id, token.createdAt.formatted(.iso8601), lastUse, token.scopes.names.joined(separator: ","), token.name,
                    separator: "\t")
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a token, within a second in every process.")

        @Argument(help: "The user's name.")
        var name: String

        @Argument(help: "The token's number, as `token ls` prints it.")
        var number: Int64

        func run() async throws {
            let (name, number) = (name, number)
            let revoked = try await Composition.withPostgres { pool in
                try await TokenStore(pool: pool).revoke(number, user: UserStore(pool: pool).require(name: name).id)
            }
            guard revoked else { throw UnknownToken(name: name, number: number) }
        }
    }
}

/// The user has no token of that number.
struct UnknownToken: Error, CustomStringConvertible {
    let name: String
    let number: Int64
    var description: String { "\(name) has no token \(number)" }
}
