import Accounts
import FoundationEssentials
import RedisSupport
import TestSupport
import Testing

extension OverSockets {
    @Suite("The end of sessions")
    struct SessionEndTests {
        /// As settings have it.
        private static func text(_ limit: Duration) -> String { "\(limit.components.seconds)s" }

        @Test("H89 polling, event streams and what scripts do by themselves renew nothing; what a person does renews")
        func activity() async throws {
            try await WebServer.withRedis { server, redis in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                let before = try await browser.lastUse()
                #expect(try await browser.call("GET", "/session").text.contains("\"state\":\"signedIn\""))
                _ = try await browser.call("GET", "/api/v1/files", ["X-Sluice-Background: 1"])
                _ = try await browser.call("GET", "/login/captcha")
                _ = try await browser.get("/", ["Sec-Purpose: prefetch"])
                let stream = try await EventReader(browser)
                _ = try await stream.next()
                await stream.close()
                #expect(try await browser.lastUse() == before)
                // The login page asks for new pictures by itself, also where the session awaits its code.
                let halfway = Browser(server)
                _ = try await halfway.login(try await halfway.member().name)
                let opened = try await halfway.lastUse()
                for path in ["/login/captcha", "/login/code/mail", "/session"] {
                    #expect(try await halfway.call("GET", path).status == 200)
                }
                #expect(try await halfway.lastUse() == opened && opened > 0)
                for path in ["/", "/account", "/api/v1/files"] {
                    let earlier = try await browser.lastUse()
                    _ = try await browser.get(path)
                    #expect(try await browser.lastUse() > earlier, "\(path)")
                }
                let earlier = try await browser.lastUse()
                #expect(try await browser.call("POST", "/session/stay").status == 200)
                #expect(try await browser.lastUse() > earlier)
            }
        }

        @Test(
            "H89 what another site has a browser ask for renews nothing, unless a person has followed a link",
            arguments: [
                (["cross-site", "navigate"], false), (["same-site", "navigate"], false), (["cross-site", "no-cors", "?1"], false),
                (["cross-site", "navigate", "?0"], false), (["cross-site"], false), (["cross-site", "navigate", "?1"], true),
                (["same-site", "navigate", "?1"], true), (["none", "navigate", "?1"], true), (["same-origin", "cors"], true), ([], true),
            ])
        func elsewhere(values: [String], isActivity: Bool) async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                let fields = zip(["Site", "Mode", "User"], values).map { "Sec-Fetch-\($0): \($1)" }
                for path in ["/", "/account", "/api/v1/files"] {
                    let before = try await browser.lastUse()
                    #expect(try await browser.send(HTTPCall("GET", path, browser.fields(fields))).status == 200)
                    #expect(try await (browser.lastUse() > before) == isActivity, "\(path)")
                }
            }
        }

        @Test("H89 an upload keeps its session alive beyond the idle limit")
        func upload() async throws {
            let idle = Duration.seconds(5).stretched
            try await WebServer.withRedis(["SLUICE_SESSION_IDLE": Self.text(idle), "SLUICE_MINIMUM_RATE": "0"]) { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                let call = HTTPCall(
                    "PUT", "/api/v1/files/slow", browser.fields(["X-CSRF-Token: \(browser.csrf)", "Content-Length: 12"]))
                let peer = try await server.connect()
                try await peer.send(call.head)
                for _ in 0..<12 {
                    try await Task.sleep(for: idle / 10)
                    try await peer.send("x")
                }
                #expect(try await peer.receive().status == 202)
                #expect(try await browser.get("/").status == 200)
            }
        }

        @Test("H90 an upload in a session that is ended meanwhile is refused, and leaves nothing behind")
        func uploadOfEndedSession() async throws {
            let idle = Self.text(Duration.seconds(4).stretched)
            try await WebServer.withRedis(["SLUICE_SESSION_IDLE": idle, "SLUICE_MINIMUM_RATE": "0"]) { server, _ in
                let browser = Browser(server)
                let member = try await browser.member()
                try await browser.enter(member.name)
                let upload = try await SlowUpload(browser)
                #expect(try await server.administration.disable(member.id) != nil)
                let answer = try await upload.goOn(for: Duration.seconds(8).stretched)
                #expect(answer?.status == 401 && answer?.text.contains("session-ended") == true)
                #expect(await eventually { server.stagedFiles.isEmpty })
            }
        }

        @Test("H90 what ends a session in one Web process ends it in all of them")
        func everywhere() async throws {
            try await WebServer.withRedis { server, redis in
                var options = WebServer.Options()
                options.redis = redis
                try await WebServer.run(options) { other in
                    let browser = Browser(server)
                    try await browser.enter(try await browser.member().name)
                    let elsewhere = Browser(other)
                    elsewhere.cookies = browser.cookies
                    #expect(try await elsewhere.get("/").status == 200)
                    #expect(try await browser.post("/logout").status == 303)
                    #expect(try await elsewhere.get("/")["location"] == "/login")
                    #expect(try await elsewhere.call("GET", "/api/v1/files").status == 401)
                }
            }
        }

        @Test("H89 ASVS 7.3.1 the idle limit ends a session; the next page says that it was this one, a form too")
        func idle() async throws {
            let idle = Duration.seconds(5).stretched
            try await WebServer.withRedis(["SLUICE_SESSION_IDLE": Self.text(idle)]) { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                try await Task.sleep(for: idle + .milliseconds(200))
                let answer = try await browser.call("GET", "/session")
                #expect(answer.status == 401 && answer.text.contains("session-ended"))
                let form = try await browser.post("/account/sessions/end-others")
                #expect(form["location"] == "/login")
                let page = try await browser.follow(form)
                #expect(page.text.contains("You were logged out because nothing happened for \(idle.components.seconds) seconds."))
                // The notice is for once: the page has opened a new session.
                #expect(try await !browser.get("/login").text.contains("You were logged out"))
            }
        }

        @Test("H89 ASVS 7.3.2 the absolute limit is moved by nothing, and the next page says that it was this one")
        func absolute() async throws {
            let lifetime = Duration.seconds(5).stretched
            try await WebServer.withRedis(["SLUICE_SESSION_LIFETIME": Self.text(lifetime)]) { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                for _ in 0..<6 {
                    try await Task.sleep(for: lifetime * 9 / 50)
                    _ = try await browser.call("POST", "/session/stay")
                }
                let page = try await browser.follow(try await browser.get("/")).text
                #expect(page.contains("A session lasts at most \(lifetime.components.seconds) seconds."))
            }
        }

        @Test("who never logged in is not told of being logged out")
        func stranger() async throws {
            try await WebServer.withRedis(["SLUICE_SESSION_LIFETIME": "1s"]) { server, _ in
                let browser = Browser(server)
                try await browser.get("/login")
                try await Task.sleep(for: .milliseconds(1200))
                #expect(try await browser.post("/login", ["login": "x"]).status == 403)
                #expect(try await !browser.get("/login").text.contains("class=\"notice\""))
            }
        }

        @Test(
            "H92 nor is who knew the password and gave no code: that it took too long, and not that the form is forged",
            arguments: ["GET /login/code", "POST /login/code", "POST /login/code/resend", "POST /login", "POST /logout"])
        func halfway(call: String) async throws {
            try await WebServer.withRedis { server, redis in
                let browser = Browser(server)
                _ = try await browser.follow(try await browser.login(try await browser.member().name))
                try await redis.ask("FLUSHALL")
                let path = String(call.split(separator: " ")[1])
                let mail = try await browser.call("GET", "/login/code/mail")
                #expect(mail.status == 401 && mail.text.contains("session-ended"))
                let answer = try await call.hasPrefix("GET") ? browser.get(path) : browser.post(path, ["code": "123456"])
                #expect(answer["location"] == "/login")
                let page = try await browser.follow(answer).text
                #expect(page.contains("You took too long to enter the code. Please begin again.") && !page.contains("logged out"))
                #expect(!server.log.all.contains { $0.contains("authz_request_forged") || $0.contains("authn_token_missing") })
                #expect(try await browser.login("nobody").status == 422)
            }
        }

        @Test("H84 who knew the password and gave no code does not learn why the session was ended", arguments: SessionEnd.allCases)
        func endedHalfway(end: SessionEnd) async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let member = try await browser.member()
                _ = try await browser.login(member.name)
                try await server.signIn.sessions.endAll(of: member.id, end)
                let page = try await browser.follow(try await browser.get("/login/code")).text
                let isLate = [.idle, .absolute].contains(end)
                #expect(page.contains(isLate ? "You took too long to enter the code." : "Logging in was broken off. Please begin again."))
            }
        }

        @Test("H90 ASVS 7.4.1 14.3.1 logging out ends the session on every process, clears the site's data, and keeps the browser known")
        func logout() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                let old = browser.cookies
                let answer = try await browser.post("/logout")
                #expect(answer["location"] == "/login?from=logout" && answer["clear-site-data"] == "\"cache\", \"storage\"")
                #expect(browser.cookies["__Host-sluice"] == nil && browser.cookies["__Host-sluice-device"] != nil)
                #expect(try await browser.follow(answer).text.contains("You are logged out."))
                let thief = Browser(server)
                thief.cookies = old
                #expect(try await thief.get("/")["location"] == "/login")
                #expect(try await thief.call("GET", "/api/v1/files").status == 401)
            }
        }

        @Test("H90 ASVS 7.4.3 a changed password ends all other sessions, whose next page says why; the one that changed it goes on")
        func password() async throws {
            try await WebServer.withRedis { server, _ in
                let (here, there) = (Browser(server), Browser(server))
                let member = try await here.member()
                try await here.enter(member.name)
                try await there.enter(member.name)
                try await here.get("/account")
                let wrong = try await here.post("/account/password", ["current_password": "wrong", "password": "another good one"])
                #expect(wrong.status == 422 && wrong.text.contains("This is not your password."))
                let before = here.cookies["__Host-sluice"]
                let changed = try await here.post(
                    "/account/password", ["current_password": Browser.password, "password": "another good one"])
                #expect(changed["location"] == "/account?from=password" && here.cookies["__Host-sluice"] != before)
                #expect(try await here.follow(changed).text.contains("Your password was changed"))
                #expect(try await there.follow(try await there.get("/")).text.contains("because your password was changed"))
            }
        }

        @Test("H90 a locked user is out at once")
        func disabled() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let member = try await browser.member()
                try await browser.enter(member.name)
                #expect(try await server.administration.disable(member.id) != nil)
                #expect(try await browser.call("GET", "/api/v1/files").status == 401)
                #expect(try await browser.get("/account")["location"] == "/login")
            }
        }

        @Test("ASVS 7.5.2 one's sessions: listed with device and network, ended one by one or all others; nobody else's")
        func list() async throws {
            try await WebServer.withRedis { server, _ in
                let (here, there, other) = (Browser(server), Browser(server), Browser(server))
                let member = try await here.member()
                try await here.enter(member.name)
                try await there.enter(member.name)
                try await other.enter(try await other.member().name)
                let page = try await here.get("/account")
                #expect(page.text.contains("Firefox 145 on Linux") && page.text.contains(here.network) && page.text.contains(there.network))
                let ends = Page.addresses("/account/sessions/", in: page.text).filter { $0.hasSuffix("/end") }
                let end = try #require(ends.first)
                #expect(ends.count == 1)
                _ = try await other.get("/account")
                #expect(try await other.post(end)["location"] == "/account?from=session")
                #expect(try await there.get("/").status == 200)
                #expect(try await here.follow(try await here.post(end)).text.contains("The session was ended."))
                #expect(try await there.follow(try await there.get("/")).text.contains("from another of your sessions"))
                try await there.enter(member.name)
                #expect(try await here.post("/account/sessions/end-others")["location"] == "/account?from=sessions")
                #expect(try await there.get("/")["location"] == "/login")
                #expect(try await here.get("/account").text.contains("End all other sessions") == false)
            }
        }

        @Test("H95 without Redis nobody is let in, and tokens go on")
        func redisAway() async throws {
            try await WebServer.withRedis { server, redis in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                let account = try await server.account()
                redis.kill()
                let page = try await browser.get("/")
                #expect(page.status == 503 && page["retry-after"] != nil && page.text.contains("One moment, please"))
                #expect(try await browser.get("/login").status == 503)
                #expect(try await browser.call("GET", "/api/v1/files").status == 503)
                let stranger = Browser(server)
                #expect(try await stranger.get("/login").status == 200)
                #expect(try await stranger.login("somebody").status == 503)
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files", token: account.token)).status == 200)
                #expect(try await server.send(.put("a", token: account.token)).status == 202)
            }
        }
    }
}
