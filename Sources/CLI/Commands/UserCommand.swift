import Accounts
import ArgumentParser
import FoundationEssentials

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Users.", subcommands: [Add.self, List.self, Disable.self, Enable.self, EndSessions.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Adds a user, who has no password and uses API tokens.")

        @Argument(help: "The name, unique regardless of case.")
        var name: String

        @Option(help: "The address, unique regardless of case.")
        var email: String

        @Flag(help: "Marks the user as one who runs this installation. It is shown by `user ls`, and permits nothing.")
        var admin = false

        func run() async throws {
            let (name, email, admin) = (name, email, admin)
            let user = try await Composition.withAdministration { _, administration in
                try await administration.add(name: name, email: email, isAdmin: admin)
            }
            print("added user \(user.id)")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls",
            abstract: "Lists all users: number, name, address, active or disabled, admin or user, made at; one line each, the oldest first."
        )

        func run() async throws {
            try await Composition.withPostgres { pool in
                let users = UserStore(pool: pool)
                var page = try await users.page()
                while let last = page.last {
                    for user in page {
                        print(
                            user.id, user.name, user.email, user.isDisabled ? "disabled" : "active", user.isAdmin ? "admin" : "user",
                            user.createdAt.formatted(.iso8601), separator: "\t")
                    }
                    page = try await users.page(after: last.id)
                }
            }
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Locks a user out: sessions end at once on every Web process, API tokens within a second. Files stay.",
            discussion: """
                Without Redis the user is disabled all the same, and the command ends with status 75: sessions that are open there let nobody \
                in while it is away, and have to be ended once it is back, by this command or within minutes by a worker.
                """)

        @Argument(help: "The user's name.")
        var name: String

        func run() async throws {
            let name = name
            let outcome = try await Composition.withAdministration { users, administration in
                try await administration.disable(users.require(name: name).id)
            }
            switch outcome {
            case .locked(let sessions): print("disabled \(name); sessions ended: \(sessions)")
            case .sessionsLeft:
                throw TemporaryFailure.report(
                    "\(name) is disabled, but Redis did not answer: open sessions were not ended. They let nobody in while it is away; "
                        + "once it is back, run this command again, or wait some minutes for a worker to end them.")
            case nil: throw UnknownUser(name: name)
            }
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a disabled user in again, by the password and the API tokens that there were.")

        @Argument(help: "The user's name.")
        var name: String

        func run() async throws {
            let name = name
            let isEnabled = try await Composition.withAdministration { users, administration in
                try await administration.enable(users.require(name: name).id)
            }
            guard isEnabled else { throw UnknownUser(name: name) }
            print("enabled \(name)")
        }
    }

    struct EndSessions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends all sessions of a user, who may sign in again. API tokens go on.",
            discussion: "While Redis is away they let nobody in and stay; the command then ends with status 75.")

        @Argument(help: "The user's name.")
        var name: String

        func run() async throws {
            let name = name
            let count = try await Composition.withAdministration { users, administration -> Int? in
                let user = try await users.require(name: name)
                do throws(AccountsError) {
                    return try await administration.endSessions(of: user.id)
                } catch {
                    guard error.code == .unavailable else { throw error }
                    return nil
                }
            }
            guard let count else {
                throw TemporaryFailure.report(
                    "Redis did not answer: sessions of \(name) may still be open. They let nobody in while it is away; "
                        + "once it is back, run this command again.")
            }
            print("sessions ended: \(count)")
        }
    }
}
