import Accounts
import Logging
import TestSupport
import Testing
import Web

extension OverSockets {
    @Suite("Demonstration")
    struct DemoTests {
        @Test("the users of the demonstration are added once and can log in with the passwords that everybody knows")
        func users() async throws {
            try await WebServer.withRedis { server, _ in
                for _ in 0..<2 {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        let demo = DemoUsers(users: server.signIn.users, hasher: server.hasher, logger: .silent)
                        group.addTask { try await demo.run() }
                        let isComplete = try await eventually { try await server.signIn.users.find(name: "student") != nil }
                        #expect(isComplete)
                        group.cancelAll()
                    }
                }
                for (name, password) in [("miami", "m1cHig@n"), ("Ange", "mP789456123*"), ("student", "Dr@g0nzzz")] {
                    #expect(try await Browser(server).login(name, password)["location"] == "/login/code", "\(name)")
                }
            }
        }
    }
}
