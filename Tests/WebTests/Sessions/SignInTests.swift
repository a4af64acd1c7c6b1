import Accounts
import Postgres
import Testing

extension OverSockets {
    @Suite("Signing in")
    struct SignInTests {
        @Test("register, log in, enter the code, see the home page; the session changes its name at each step (H88)")
        func wholeWay() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                var names: [String?] = []
                let form = try await browser.get("/register")
                #expect(form.status == 200 && form["set-cookie"]?.contains("__Host-sluice=") == true)
                #expect(form["set-cookie"]?.hasSuffix("; Path=/; HttpOnly; SameSite=Lax; Secure") == true)
                names.append(browser.cookies["__Host-sluice"])
                let registered = try await browser.fill(
                    "/register", ["name": "Maria", "full_name": "Maria <b>", "email": "maria@example.org", "password": Browser.password])
                #expect(registered["location"] == "/login?from=registered")
                #expect(try await browser.follow(registered).text.contains("Log in with your new account"))

                let challenged = try await browser.login("maria")
                #expect(challenged["location"] == "/login/code")
                names.append(browser.cookies["__Host-sluice"])
                let code = try await browser.follow(challenged)
                #expect(code.text.contains("m…@example.org") && code.text.contains("5 tries left"))
                let signedIn = try await browser.post("/login/code", ["code": " \(try await browser.lastCode()) "])
                names.append(browser.cookies["__Host-sluice"])
                #expect(browser.cookies["__Host-sluice-device"]?.utf8.count == 43)
                let home = try await browser.follow(signedIn)
                #expect(home.text.contains("No files yet") && home.text.contains("<bdi class=\"top-user\">Maria</bdi>"))
                #expect(Set(names).count == 3 && !names.contains(nil))

                #expect(try await browser.get("/login")["location"] == "/")
                #expect(try await browser.get("/account").text.contains("Maria &lt;b&gt;"))
            }
        }

        @Test("H88 a session name that an attacker has set is not the one that is signed in")
        func fixation() async throws {
            try await WebServer.withRedis { server, _ in
                let (attacker, victim) = (Browser(server), Browser(server))
                let member = try await victim.member()
                try await attacker.get("/login")
                victim.cookies = attacker.cookies
                try await victim.enter(member.name)
                #expect(try await attacker.get("/")["location"] == "/login")
                #expect(try await attacker.call("GET", "/api/v1/files").status == 401)
            }
        }

        @Test("H84 unknown user, wrong password, locked user: the same page and the same status")
        func uniform() async throws {
            try await WebServer.withRedis { server, _ in
                let (member, locked) = (try await Browser(server).member(), try await Browser(server).member())
                #expect(try await server.administration.disable(locked.id) != nil)
                var pages: Set<String> = []
                for (name, password) in [("nobody", Browser.password), (member.name, "wrong"), (locked.name, Browser.password), ("", "")] {
                    let browser = Browser(server)
                    let answer = try await browser.login(name, password)
                    #expect(answer.status == 422)
                    // What differs in each page whoever asks: its token, its captcha, and what was typed.
                    let captcha = Page.value(of: "captcha_id", in: answer.text) ?? ""
                    pages.insert(
                        answer.text.replacing(browser.csrf, with: "").replacing(captcha, with: "")
                            .replacing("name=\"login\" value=\"\(name)\"", with: ""))
                }
                #expect(pages.count == 1)
                #expect(pages.first?.contains("These details did not match") == true && pages.first?.contains(Browser.password) == false)
            }
        }

        @Test("H82 a captcha has one try: right ones are not taken twice, nor wrong ones, nor those of another session")
        func captcha() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let member = try await browser.member()
                let first = try await browser.solved(try await browser.get("/login"))
                let fields = { (id: String, letters: String) -> KeyValuePairs<String, String> in
                    ["login": member.name, "password": "wrong", "captcha": letters, "captcha_id": id]
                }
                #expect(try await browser.post("/login", fields(first.id, first.letters)).text.contains("did not match"))
                let replay = try await browser.post("/login", fields(first.id, first.letters))
                #expect(replay.status == 422 && replay.text.contains("These were not the letters"))
                let second = try await browser.solved(replay)
                #expect(try await browser.post("/login", fields(second.id, "CCCCC")).text.contains("These were not the letters"))
                #expect(try await browser.post("/login", fields(second.id, second.letters)).text.contains("These were not the letters"))
                let other = Browser(server)
                let foreign = try await other.solved(try await other.get("/login"))
                #expect(try await browser.post("/login", fields(foreign.id, foreign.letters)).text.contains("These were not the letters"))
                #expect(try await browser.post("/login", fields("../../etc", "x")).text.contains("These were not the letters"))
            }
        }

        @Test("H79, H81 codes that are wrong, used, malformed or of another session: one answer")
        func codes() async throws {
            try await WebServer.withRedis { server, _ in
                let (browser, other) = (Browser(server), Browser(server))
                let (member, stranger) = (try await browser.member(), try await other.member())
                _ = try await browser.follow(try await browser.login(member.name))
                let code = try await browser.lastCode()
                _ = try await other.follow(try await other.login(stranger.name))
                for text in ["", "١٢٣٤٥٦", "0\(code)", "12 34 56", String(code.dropLast()), String(repeating: "1", count: 60_000)] {
                    let answer = try await browser.post("/login/code", ["code": text])
                    #expect(
                        answer.status == 422 && answer.text.contains("This code does not work. Check it, or send another."),
                        "\(text.prefix(9))")
                }
                let foreign = try await other.post("/login/code", ["code": code])
                #expect(foreign.status == 422 && foreign.text.contains("This code does not work. Check it, or send another."))
                #expect(try await browser.post("/login/code", ["code": String(repeating: "1", count: 10_000_000)]).status == 413)
                #expect(try await browser.follow(try await browser.post("/login/code", ["code": code])).status == 200)
                #expect(try await browser.post("/login/code", ["code": code])["location"] == "/")
            }
        }

        @Test("H79 ASVS 6.5.1 a wrong, used, superseded, expired and foreign code: the same status and text, then and on the page itself")
        func dead() async throws {
            try await WebServer.withRedis { server, _ in
                var (answers, pages) = (Set<String>(), Set<String>())
                for kind in ["wrong", "used", "superseded", "expired", "foreign"] {
                    let (browser, other) = (Browser(server), Browser(server))
                    let member = try await browser.member()
                    _ = try await browser.follow(try await browser.login(member.name))
                    var code = try await browser.lastCode()
                    switch kind {
                    case "wrong": code = code == "000000" ? "000001" : "000000"
                    case "superseded": _ = try await other.login(member.name)
                    case "foreign":
                        _ = try await other.login(try await other.member().name)
                        code = try await other.lastCode()
                    default:
                        let column: SQL = kind == "used" ? "used_at" : "expires_at"
                        try await server.pool.execute("UPDATE login_challenges SET \(sql: column) = now() WHERE user_id = \(member.id)")
                    }
                    let answer = try await browser.post("/login/code", ["code": code])
                    #expect(answer.status == 422, "\(kind)")
                    answers.insert(Self.unmoved(answer, browser))
                    let page = try await browser.get("/login/code")
                    #expect(page.status == 200, "\(kind)")
                    pages.insert(Self.unmoved(page, browser))
                    let isSpent = ["used", "superseded"].contains(kind)
                    #expect(page.text.contains("No tries left") == isSpent && page.text.contains("Send another code"), "\(kind)")
                    #expect(try await browser.call("GET", "/login/code/mail").status == (isSpent ? 404 : 200), "\(kind)")
                }
                #expect(answers.count == 1 && answers.first?.contains("This code does not work. Check it, or send another.") == true)
                #expect(pages.count == 1)
            }
        }

        /// A page without its token, the lines that count seconds and tries, and what the browser was told of the code before.
        private static func unmoved(_ page: Answer, _ browser: Browser) -> String {
            page.text.replacing(browser.csrf, with: "").split(separator: "\n").filter { line in
                !["id=\"code-life\"", "class=\"resend\"", "id=\"resend-wait\""].contains { line.contains($0) }
            }.joined(separator: "\n")
        }

        @Test("H80 another code can be sent after a minute, and says so before")
        func resend() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                _ = try await browser.follow(try await browser.login(try await browser.member().name))
                let early = try await browser.post("/login/code/resend")
                #expect(
                    early.status == 429 && (Int(early["retry-after"] ?? "") ?? 0) > 0 && early.text.contains("Another code can be sent in"))
                #expect(server.codes.all.count == 1)
            }
        }

        @Test("H85 a password of a megabyte is refused unread, one of two kilobytes unhashed")
        func longPassword() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let name = try await browser.member().name
                let captcha = try await browser.solved(try await browser.get("/login"))
                let huge = String(repeating: "x", count: 1_000_000)
                let answer = try await browser.post(
                    "/login", ["login": name, "password": huge, "captcha": captcha.letters, "captcha_id": captcha.id])
                #expect(answer.status == 413)
                #expect(try await browser.login(name, String(repeating: "x", count: 2000)).status == 422)
            }
        }

        @Test("H91 with the password alone: pages lead to the code, the API says 401")
        func halfway() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                _ = try await browser.follow(try await browser.login(try await browser.member().name))
                for path in ["/", "/account"] { #expect(try await browser.get(path)["location"] == "/login/code") }
                #expect(try await browser.post("/account/password")["location"] == "/login/code")
                let answer = try await browser.call("GET", "/api/v1/files")
                #expect(answer.status == 401 && answer.text.contains("The code from the mail is missing"))
                #expect(try await browser.call("PUT", "/api/v1/files/a").status == 401)
                #expect(try await browser.call("GET", "/api/v1/events").status == 401)
                #expect(try await browser.call("GET", "/session").text.contains("\"state\":\"awaitingCode\""))
            }
        }

        @Test("registering: every problem at once, beside its field, and nothing of the password comes back")
        func register() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                _ = try await browser.member("taken")
                try await browser.get("/register")
                let answer = try await browser.post(
                    "/register", ["name": "a b", "full_name": "\"><script>", "email": "x@y@z", "password": "short"])
                #expect(answer.status == 422 && answer.text.contains("Three things need a change"))
                for id in ["name-error", "email-error", "password-error"] { #expect(answer.text.contains("id=\"\(id)\""), "\(id)") }
                #expect(answer.text.contains("value=\"&quot;&gt;&lt;script&gt;\"") && !answer.text.contains("\"short\""))
                #expect(answer.text.contains("<title>Error: "))
                let taken = try await browser.fill(
                    "/register", ["name": "TAKEN", "email": "new@example.org", "password": Browser.password])
                #expect(taken.text.contains("This user name is taken."))
            }
        }

        @Test("H84 H80 asking for links until it is refused, then by the address, tells nothing of who is known")
        func forgotten() async throws {
            try await WebServer.withRedis { server, _ in
                let member = try await Browser(server).member()
                var statuses: [[Int]] = []
                for (name, address) in [(member.name, member.email), ("nobody", "nobody@example.org")] {
                    let browser = Browser(server)
                    var own: [Int] = []
                    for login in Array(repeating: name, count: 6) + [address, name.uppercased()] {
                        own.append(try await browser.fill("/password/forgot", ["login": login]).status)
                    }
                    statuses.append(own)
                }
                #expect(statuses[0] == [200, 200, 200, 200, 200, 429, 200, 429] && statuses[0] == statuses[1])
            }
        }

        @Test("ASVS 14.2.1 a forgotten password: the same answer for all, a link whose token leaves the address at once and works once")
        func reset() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let member = try await browser.member()
                var pages: Set<String> = []
                for login in ["nobody@example.org", "nobody", member.name, member.email] {
                    let answer = try await browser.fill("/password/forgot", ["login": login])
                    #expect(answer.status == 200 && answer.text.contains("If we know you"))
                    pages.insert(answer.text.replacing(Page.value(of: "captcha_id", in: answer.text) ?? "", with: ""))
                }
                #expect(pages.count == 1 && server.links.all.count == 4)
                let id = try #require(server.links.all.last)
                let token = try #require(try await server.resets.mail(for: id)).token.reveal()
                let link = "/password/reset?token=\(token)"
                let opened = try await browser.get(link)
                #expect(opened.status == 303 && opened["location"] == "/password/reset" && !opened.text.contains(token))
                #expect(
                    opened["set-cookie"] == "__Host-sluice-reset=\(token); Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=1800")
                let form = try await browser.follow(opened)
                #expect(form.status == 200 && form.text.contains("Choose a new password") && !form.text.contains(token))
                let own = try #require(Page.value(of: "link", in: form.text))
                let weak = try await browser.post("/password/reset", ["link": own, "password": "password123"])
                #expect(weak.status == 422 && weak.text.contains("one of the first that are tried") && !weak.text.contains(token))
                let done = try await browser.post("/password/reset", ["link": own, "password": "a new and longer one"])
                #expect(done["location"] == "/login?from=reset" && browser.cookies["__Host-sluice-reset"] == nil)
                #expect(try await browser.post("/password/reset", ["link": own, "password": "once more please"]).status == 410)
                #expect(try await browser.get(link).status == 410)
                #expect(browser.cookies["__Host-sluice-reset"] == nil)
                for path in ["/password/reset", "/password/reset?token=x"] {
                    let over = try await browser.get(path)
                    #expect(over.status == 410 && over.text.contains("href=\"/password/forgot\"") && over.text.contains("href=\"/login\""))
                }
                #expect(try await browser.login(member.name).status == 422)
                #expect(try await browser.login(member.name, "a new and longer one")["location"] == "/login/code")
            }
        }
    }
}
