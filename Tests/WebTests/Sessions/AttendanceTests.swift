import Accounts
import DatabaseSupport
import Platform
import Postgres
import TestSupport
import Testing

extension OverSockets {
    @Suite("What lasts, and who may still do it")
    struct AttendanceTests {
        enum Ending: CaseIterable {
            case revoked, expired, disabled
        }

        /// So that bodies are asked about every second, stretched: as long as a session lasts nothing may be late.
        private static let settings = ["SLUICE_SESSION_IDLE": "\(4 * Patience.factor)s", "SLUICE_MINIMUM_RATE": "0"]

        @Test(
            "H90 an upload by a token that is revoked or expires, or whose user is disabled, is refused and leaves nothing",
            arguments: Ending.allCases)
        func tokenUpload(ending: Ending) async throws {
            try await WebServer.withRedis(Self.settings) { server, _ in
                let account = try await server.account()
                let upload = try await SlowUpload(server, ["Authorization: Bearer \(account.token)"])
                try await Self.end(account, ending, server)
                let answer = try await upload.goOn(for: Duration.seconds(8).stretched)
                #expect(answer?.status == 401 && answer?["www-authenticate"] != nil)
                try await server.expectNothingLeft(of: account)
            }
        }

        @Test("an upload by a token that goes on to count is taken, whatever its time")
        func tokenStays() async throws {
            try await WebServer.withRedis(Self.settings) { server, _ in
                let account = try await server.account()
                let upload = try await SlowUpload(server, ["Authorization: Bearer \(account.token)"])
                #expect(try await upload.goOn(for: Duration.seconds(3).stretched)?.text == nil)
                #expect(try await upload.finish().status == 202)
            }
        }

        @Test(
            "Postgres away for a while ends no upload that a token has let in",
            .enabled(if: PostgresServerProcess.isInstalled || TestServer.isContinuousIntegration))
        func postgresAway() async throws {
            let postgres = try await PostgresServerProcess.started()
            defer { postgres.remove() }
            let configuration = try PostgresConfiguration(url: ServiceURL(postgres.url))
            try await TestDatabase.migrate(configuration)
            try await WebServer.run(.init(settings: Self.settings, database: configuration)) { server in
                let account = try await server.account()
                let upload = try await SlowUpload(server, ["Authorization: Bearer \(account.token)"])
                postgres.stop()
                #expect(try await upload.goOn(for: Duration.seconds(3).stretched)?.text == nil)
                try await postgres.restart()
                #expect(await eventually { await server.pool.healthCheck.check() == nil })
                #expect(try await upload.finish().status == 202)
            }
        }

        @Test("Redis away for a while ends no upload that a session has let in")
        func redisAway() async throws {
            try await WebServer.withRedis(Self.settings) { server, redis in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                let upload = try await SlowUpload(browser)
                redis.kill()
                #expect(try await upload.goOn(for: Duration.seconds(3).stretched)?.text == nil)
                #expect(try await upload.finish().status == 202)
            }
        }

        @Test("H90 a stream by a token ends with it, at its next look", arguments: Ending.allCases)
        func tokenStream(ending: Ending) async throws {
            try await WebServer.withRedis { server, _ in
                let account = try await server.account()
                let stream = try await EventReader(Browser(server), ["Authorization: Bearer \(account.token)"])
                #expect(stream.head.status == 200)
                _ = try await stream.next()
                try await Self.end(account, ending, server)
                var isOver = false
                for _ in 0..<5 where !isOver { isOver = ((try? await stream.next()) ?? "").isEmpty }
                #expect(isOver)
            }
        }

        @Test("H88 H90 a changed password lets one's own uploads go on, and nothing new by the old cookie")
        func passwordChanged() async throws {
            try await WebServer.withRedis(Self.settings) { server, _ in
                let (browser, thief) = (Browser(server), Browser(server))
                try await browser.enter(try await browser.member().name)
                let upload = try await SlowUpload(browser)
                thief.cookies = browser.cookies
                try await browser.changePassword()
                #expect(try await upload.goOn(for: Duration.seconds(6).stretched)?.text == nil)
                // It has kept the session alive, under the new identifier.
                #expect(try await browser.get("/account").status == 200)
                #expect(try await thief.call("GET", "/api/v1/files").status == 401)
                #expect(try await thief.call("GET", "/api/v1/events").status == 401)
                #expect(try await upload.finish().status == 202)
            }
        }

        @Test("H90 an upload that went on after a change of the password ends with the session")
        func successorEnded() async throws {
            try await WebServer.withRedis(Self.settings) { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                let upload = try await SlowUpload(browser)
                try await browser.changePassword()
                #expect(try await upload.goOn(for: Duration.seconds(2).stretched)?.text == nil)
                #expect(try await browser.post("/logout").status == 303)
                let answer = try await upload.goOn(for: Duration.seconds(8).stretched)
                #expect(answer?.status == 401 && answer?.text.contains("Its user has ended it.") == true)
                #expect(await eventually { server.stagedFiles.isEmpty })
            }
        }

        @Test("after a change of the password another tab is told to open its page again, and nothing that was typed comes back")
        func otherTab() async throws {
            try await WebServer.withRedis { server, _ in
                let (browser, tab) = (Browser(server), Browser(server))
                try await browser.enter(try await browser.member().name)
                tab.cookies = browser.cookies
                try await tab.get("/account")
                try await browser.changePassword()
                // One jar for all tabs, but an old page.
                tab.cookies = browser.cookies
                let typed = "something typed into it"
                for path in ["/account/tokens", "/account/password"] {
                    let stale = try await tab.post(
                        path, ["token_name": typed, "token_password": typed, "current_password": typed, "password": typed])
                    #expect(stale.status == 403 && stale.text.contains("This page is too old") && stale.text.contains("href=\"/account\""))
                    #expect(!stale.text.contains(typed) && stale["set-cookie"] == nil)
                }
                let script = try await tab.call("PUT", "/api/v1/files/a", body: Array("x".utf8))
                #expect(script.status == 403 && script.text.contains("Open the page again"))
                try await tab.get("/account")
                #expect(try await tab.call("PUT", "/api/v1/files/a", body: Array("x".utf8)).status == 202)
            }
        }

        private static func end(_ account: WebServer.Account, _ ending: Ending, _ server: WebServer) async throws {
            switch ending {
            case .revoked:
                let store = TokenStore(pool: server.pool)
                for token in try await store.list(user: account.id) { #expect(try await store.revoke(token.id, user: account.id)) }
            case .expired: try await server.pool.execute("UPDATE api_tokens SET expires_at = now() WHERE user_id = \(account.id)")
            case .disabled: #expect(try await server.administration.disable(account.id) != nil)
            }
        }
    }
}

extension Browser {
    static let newPassword = "another good one"

    func changePassword() async throws {
        try await get("/account")
        let answer = try await post("/account/password", ["current_password": Self.password, "password": Self.newPassword])
        guard answer.status == 303 else { throw Lost(answer: answer) }
        try await get("/account")
    }
}
