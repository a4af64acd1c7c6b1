import Accounts
import DatabaseSupport
import Platform
import RedisSupport
import TestSupport
import Testing

extension OverSockets {
    /// `sluice`, as operators run it, and Web processes whose users it concerns.
    @Suite("The operator and those who are signed in", .timeLimit(.minutes(2 * Patience.factor)))
    struct OperatorTests {
        private struct Scene: Sendable {
            let database: TestDatabase
            let redis: RedisServerProcess
            let here: Browser
            /// The same browser at another Web process.
            let there: Browser
            let name: String
            let token: String

            func sluice(_ arguments: String..., port: Int? = nil) async throws -> Program {
                try await Program.run(
                    "sluice", arguments,
                    environment: [
                        "SLUICE_DATABASE_URL": database.url, "SLUICE_REDIS_URL": "redis://127.0.0.1:\(port ?? redis.port)",
                    ])
            }

            /// The status of what the API answers the token.
            func machine() async throws -> Int {
                try await here.server.send(HTTPCall("GET", "/api/v1/files", token: token)).status
            }
        }

        @Test("H90 ASVS 7.4.2 a user is locked out by the operator's command: on every Web process at once, tokens included")
        func disable() async throws {
            try await Self.scene { scene in
                let program = try await scene.sluice("user", "disable", scene.name)
                #expect(program.status == 0 && program.output == "disabled \(scene.name); sessions ended: 1\n")
                for browser in [scene.here, scene.there] {
                    #expect(try await browser.call("GET", "/api/v1/files").status == 401)
                    #expect(try await browser.follow(try await browser.get("/")).text.contains("because your account was locked."))
                }
                #expect(try await eventually { try await scene.machine() == 401 })
                #expect(try await Browser(scene.here.server).login(scene.name).status == 422)

                #expect(try await scene.sluice("user", "enable", scene.name).status == 0)
                #expect(try await scene.here.get("/")["location"] == "/login")
                #expect(try await eventually { try await scene.machine() == 200 })
                try await Browser(scene.here.server).enter(scene.name)
            }
        }

        @Test("H90 H95 the operator's command without Redis: the user is disabled, status 75 and the words say what is left to do")
        func disableWithoutRedis() async throws {
            try await Self.scene { scene in
                let away = try ReservedPort()
                let program = try await scene.sluice("user", "disable", scene.name, port: away.number)
                #expect(program.status == 75 && program.output.isEmpty)
                #expect(
                    program.errors
                        == "Error: \(scene.name) is disabled, but Redis did not answer: open sessions were not ended. They let nobody in "
                        + "while it is away; once it is back, run this command again, or wait some minutes for a worker to end them.\n")
                #expect(try await eventually { try await scene.machine() == 401 })
                withExtendedLifetime(away) {}
                // It is back, and so is what it holds.
                #expect(try await scene.there.get("/").status == 200)
                #expect(try await scene.sluice("user", "disable", scene.name).output == "disabled \(scene.name); sessions ended: 1\n")
                #expect(try await scene.there.get("/")["location"] == "/login")
            }
        }

        @Test("H90 ASVS 7.4.5 the operator ends the sessions of a user, who is told so and may come again; without Redis none is ended")
        func endSessions() async throws {
            try await Self.scene { scene in
                let away = try ReservedPort()
                let refused = try await scene.sluice("user", "end-sessions", scene.name, port: away.number)
                #expect(refused.status == 75 && refused.output.isEmpty)
                #expect(
                    refused.errors
                        == "Error: Redis did not answer: sessions of \(scene.name) may still be open. They let nobody in while it is away; "
                        + "once it is back, run this command again.\n")
                withExtendedLifetime(away) {}
                #expect(try await scene.there.get("/").status == 200)
                #expect(try await scene.sluice("user", "end-sessions", scene.name).output == "sessions ended: 1\n")
                #expect(try await scene.there.call("GET", "/api/v1/files").text.contains("The operator has ended it."))
                #expect(try await scene.here.follow(try await scene.here.get("/")).text.contains("by whoever runs this site."))
                #expect(try await scene.machine() == 200)
                let lines = try await scene.sluice("audit", scene.name, "--limit", "1").output.split(separator: "\n")
                #expect(lines.count == 1 && lines[0].hasSuffix("\tsessions-ended\toperator\tcount=1"))
            }
        }

        /// Two Web processes, and somebody who is signed in and has a token besides.
        private static func scene(_ body: @escaping @Sendable (Scene) async throws -> Void) async throws {
            let redis = try await RedisServerProcess.start()
            try await TestDatabase.migrated { database in
                var options = WebServer.Options(database: database.configuration)
                options.redis = redis
                try await WebServer.run(options) { [options] server in
                    try await WebServer.run(options) { other in
                        let (here, there) = (Browser(server), Browser(other))
                        let member = try await here.member()
                        try await here.enter(member.name)
                        there.cookies = here.cookies
                        let token = try await TokenStore(pool: server.pool).add(user: member.id, name: "machine").reveal()
                        Recorder<String>.secrets.record(token)
                        try await body(
                            Scene(database: database, redis: redis, here: here, there: there, name: member.name, token: token))
                    }
                }
            }
        }
    }
}
