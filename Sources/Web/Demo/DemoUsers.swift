package import Accounts
package import Logging
import Platform
import ServiceLifecycle

/// Adds the users of the demonstration, whose passwords everybody knows (`SLUICE_DEMO`). The settings refuse it for any address that
/// others can reach.
package struct DemoUsers: Service {
    private static let people: [(name: String, password: String)] = [
        ("miami", "m1cHig@n"), ("Ange", "mP789456123*"), ("student", "Dr@g0nzzz"),
    ]

    private let users: UserStore
    private let hasher: PasswordHasher
    private let logger: Logger

    package init(users: UserStore, hasher: PasswordHasher, logger: Logger) {
        self.users = users
        self.hasher = hasher
        self.logger = logger
    }

    /// Adds those who are missing, then waits for the end: a service that returns would end the process.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            for person in Self.people {
                while await !add(person.name, person.password), (try? await Task.sleep(for: .seconds(1))) != nil {}
            }
        }
        try await gracefulShutdown()
    }

    /// - Returns: false when it is to be tried again.
    private func add(_ name: String, _ password: String) async -> Bool {
        do {
            if try await users.find(name: name) != nil { return true }
            _ = try await users.add(name: name, email: "\(name.lowercased())@example.org", password: hasher.hash(Secret(password)))
            logger.notice("demo user added", metadata: .init([.user: "\(name)"]))
            return true
        } catch  where error.code == .nameTaken || error.code == .emailTaken {
            return true
        } catch {
            logger.warning("demo user not added", metadata: .init([.error: "\(error)"]))
            return Task.isCancelled
        }
    }
}
