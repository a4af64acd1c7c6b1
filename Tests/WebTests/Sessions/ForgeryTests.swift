import Accounts
import FoundationEssentials
import TestSupport
import Testing

extension OverSockets {
    @Suite("Requests of other sites")
    struct ForgeryTests {
        @Test(
            "H92 ASVS 3.5.1 what changes something is refused without the session's token, from another origin, and as another site's",
            arguments: [
                ["Origin: https://evil.test"], ["Origin: null"], ["Origin: http://sluice.test"], ["Origin: https://sluice.test:8443"],
                ["Sec-Fetch-Site: cross-site"], ["Sec-Fetch-Site: same-site"], ["Sec-Fetch-Site: none"],
            ])
        func site(fields: [String]) async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                let id = try await browser.upload("kept")
                let type = "Content-Type: application/x-www-form-urlencoded"
                let calls = [
                    HTTPCall("POST", "/logout", browser.fields(fields + [type]), body: Array("csrf=\(browser.csrf)".utf8)),
                    HTTPCall(
                        "POST", "/files/\(id)/delete", browser.fields(fields + [type]), body: Array("csrf=\(browser.csrf)&confirm=yes".utf8)
                    ),
                    HTTPCall("DELETE", "/api/v1/files/\(id)", browser.fields(fields + ["X-CSRF-Token: \(browser.csrf)"])),
                    HTTPCall("POST", "/session/stay", browser.fields(fields + ["X-CSRF-Token: \(browser.csrf)"])),
                    HTTPCall(
                        "POST", "/files", browser.fields(fields + ["Content-Type: \(Form().contentType)"]),
                        body: Form().field("csrf", browser.csrf).file("a").bytes),
                ]
                for call in calls { #expect(try await browser.send(call).status == 403, "\(call.path)") }
                #expect(try await browser.call("GET", "/api/v1/files/\(id)").status == 200)
                #expect(try await browser.get("/").status == 200)
            }
        }

        @Test("H92 what another site has made up renews nothing, whether the browser says so or not", arguments: [true, false])
        func renewal(isSaid: Bool) async throws {
            let idle = 8 * Patience.factor
            try await WebServer.withRedis(["SLUICE_SESSION_IDLE": "\(idle)s", "SLUICE_MINIMUM_RATE": "0"]) { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                let fields = browser.fields(isSaid ? ["Origin: https://evil.test", "Sec-Fetch-Site: cross-site"] : [])
                let type = "Content-Type: application/x-www-form-urlencoded"
                let before = try await browser.lastUse()
                for call in [
                    HTTPCall("POST", "/logout", fields + [type], body: Array("csrf=x".utf8)), HTTPCall("POST", "/session/stay", fields),
                    HTTPCall("POST", "/account/password", fields + [type], body: Array("a=b".utf8)),
                    HTTPCall("POST", "/account/tokens", fields + ["Content-Type: text/plain"], body: Array("x".utf8)),
                    HTTPCall("DELETE", "/api/v1/files/x", fields), HTTPCall("PUT", "/api/v1/files/x", fields, body: Array("x".utf8)),
                    HTTPCall("POST", "/files", fields + ["Content-Type: \(Form().contentType)"], body: Form().file("a").bytes),
                ] {
                    let status = try await browser.send(call).status
                    #expect([403, 415].contains(status), "\(call.path)")
                    #expect(try await browser.lastUse() == before, "\(call.path)")
                }
                // A form that takes its time and never gets to its token.
                let peer = try await server.connect()
                let start = Form().field("other", "x").unended
                let slow = HTTPCall("POST", "/files", fields + ["Content-Type: \(Form().contentType)", "Content-Length: 1000"])
                try await peer.send(Array(slow.head.utf8) + start.dropLast(2))
                // A body renews at a quarter of the idle limit, with the first bytes after it.
                try await Task.sleep(for: .milliseconds(idle * 1000 / 4 + 100))
                for _ in 0..<3 {
                    try? await peer.send("x")
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(try await browser.lastUse() == before)
                for path in ["/account/sessions/end-others", "/login"] {
                    _ = try await browser.post(path)
                    #expect(try await browser.lastUse() > before, "\(path)")
                }
            }
        }

        @Test("a form with files renews the session once its token was right, and as long as it arrives")
        func formUpload() async throws {
            try await WebServer.withRedis(["SLUICE_SESSION_IDLE": "\(4 * Patience.factor)s", "SLUICE_MINIMUM_RATE": "0"]) { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                let form = Form().field("csrf", browser.csrf).file("a", String(repeating: "x", count: 60))
                let call = HTTPCall(
                    "POST", "/files", browser.fields(["Content-Type: \(form.contentType)", "Content-Length: \(form.bytes.count)"]))
                let peer = try await server.connect()
                try await peer.send(Array(call.head.utf8) + form.bytes.dropLast(60))
                for byte in form.bytes.suffix(60) {
                    try await Task.sleep(for: Duration.milliseconds(100).stretched)
                    try await peer.send([byte])
                }
                #expect(try await peer.receive().status == 303)
                #expect(try await browser.get("/").status == 200)
            }
        }

        @Test("H92 ASVS 3.5.1 3.5.2 without the token, with another session's, or with JSON sent as text: refused")
        func token() async throws {
            try await WebServer.withRedis { server, _ in
                let (browser, other) = (Browser(server), Browser(server))
                try await browser.enter(try await browser.member().name)
                try await other.get("/login")
                let id = try await browser.upload("kept")
                for token in ["", other.csrf, browser.csrf + "x", String(browser.csrf.dropLast())] {
                    for field in [["X-CSRF-Token: \(token)"], []] {
                        #expect(try await browser.send(HTTPCall("DELETE", "/api/v1/files/\(id)", browser.fields(field))).status == 403)
                        #expect(try await browser.send(HTTPCall("PUT", "/api/v1/files/a", browser.fields(field))).status == 403)
                    }
                    let form = Form().field("csrf", token).file("a")
                    let call = HTTPCall("POST", "/files", browser.fields(["Content-Type: \(form.contentType)"]), body: form.bytes)
                    #expect(try await browser.send(call).status == 403)
                }
                let text = HTTPCall(
                    "POST", "/logout", browser.fields(["Content-Type: text/plain"]), body: Array("{\"csrf\":\"\(browser.csrf)\"}".utf8))
                #expect(try await browser.send(text).status == 415)
                let late = Form().file("a").field("csrf", browser.csrf)
                let call = HTTPCall("POST", "/files", browser.fields(["Content-Type: \(late.contentType)"]), body: late.bytes)
                #expect(try await browser.send(call).status == 403)
                #expect(try await browser.call("GET", "/api/v1/files").files().count == 1)
                #expect(server.stagedFiles.count == 1)
            }
        }

        @Test("H92 a stranger's form is refused with another stranger's token, and with a cookie that is not what it was")
        func stranger() async throws {
            try await WebServer.withRedis { server, _ in
                let (browser, other) = (Browser(server), Browser(server))
                let page = try await browser.get("/register")
                try await other.get("/login")
                #expect(try await other.get("/register").text.contains(browser.csrf) == false)
                let own = try #require(browser.cookies["__Host-sluice"])
                let parts = own.dropLast().split(separator: ".")
                let end = try #require(Int(parts[1]))
                let foreign = try #require(other.cookies["__Host-sluice"])
                for cookie in ["\(parts[0]).\(end - 1)-", "\(parts[0]).\(end)", "\(parts[0]).\(end)~", foreign] {
                    browser.cookies["__Host-sluice"] = cookie
                    let form: KeyValuePairs = ["name": "x", "email": "x@example.org", "password": Browser.password]
                    let answer = try await browser.post("/register", form)
                    #expect(answer.status == 403 || answer["location"] == "/login", "\(cookie.suffix(3))")
                }
                #expect(try await server.signIn.users.find(name: "x") == nil)
                browser.cookies["__Host-sluice"] = own
                #expect(Page.csrf(page.text) == browser.csrf)
                #expect(try await browser.post("/register", ["name": "", "email": "", "password": ""]).status == 422)
            }
        }

        @Test("reading by cookie needs no token; a browser that says nothing of its origin needs the token alone")
        func reading() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                let id = try await browser.upload("kept")
                for path in ["/api/v1/files", "/api/v1/files/\(id)", "/api/v1/files/\(id)/content"] {
                    #expect(try await browser.send(HTTPCall("GET", path, browser.fields())).status == 200)
                    #expect(try await browser.send(HTTPCall("GET", path, browser.fields(["Sec-Fetch-Site: none"]))).status == 200)
                }
                let call = HTTPCall("DELETE", "/api/v1/files/\(id)", browser.fields(["X-CSRF-Token: \(browser.csrf)"]))
                #expect(try await browser.send(call).status == 204)
            }
        }

        @Test("a token and a cookie are never mixed: who sends a token is its user or nobody, and needs no form's token")
        func mixed() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                try await browser.upload("of the session")
                let account = try await server.account()
                let bearer = "Authorization: Bearer \(account.token)"
                let cross = ["Origin: https://evil.test", "Sec-Fetch-Site: cross-site"]
                let upload = HTTPCall("PUT", "/api/v1/files/x", browser.fields([bearer] + cross), body: Array("x".utf8))
                #expect(try await browser.send(upload).status == 202)
                let list = try await browser.send(HTTPCall("GET", "/api/v1/files", browser.fields([bearer])))
                #expect(try list.files().map(\.name) == ["x"])
                let wrong = HTTPCall("GET", "/api/v1/files", browser.fields(["Authorization: Bearer slc_x"]))
                #expect(try await browser.send(wrong).status == 401)
                #expect(try await browser.send(HTTPCall("GET", "/", browser.fields([bearer]))).status == 200)
            }
        }

        @Test(
            "H93 pages and cookies work under the configured name only",
            arguments: ["evil.test", "sluice.test:81", "sluice.test.", "127.0.0.1"])
        func host(name: String) async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                for path in ["/", "/login", "/password/forgot", "/api/v1/files", "/session"] {
                    let peer = try await server.connect()
                    let fields = browser.fields(["Accept: text/html"]).map { $0 + "\r\n" }.joined()
                    try await peer.send("GET \(path) HTTP/1.1\r\nHost: \(name)\r\n\(fields)\r\n")
                    let answer = try await peer.receive()
                    #expect(answer.status == 421 && answer["set-cookie"] == nil && !answer.text.contains("evil"), "\(path)")
                }
                let account = try await server.account()
                let peer = try await server.connect()
                try await peer.send("GET /api/v1/files HTTP/1.1\r\nHost: \(name)\r\nAuthorization: Bearer \(account.token)\r\n\r\n")
                #expect(try await peer.receive().status == 200)
            }
        }

        @Test("H87 limits count the address that our own proxy has seen, whatever the client says of itself")
        func forwarded() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                var statuses: [Int] = []
                for number in 0..<11 {
                    let answer = try await browser.fill(
                        "/register", ["name": "n\(number)", "email": "n\(number)@example.org", "password": Browser.password],
                        ["X-Forwarded-For: \(String.randomNetwork), 198.51.100.7"])
                    statuses.append(answer.status)
                }
                #expect(statuses == Array(repeating: 303, count: 10) + [429])
            }
        }
    }
}

extension Browser {
    /// - Returns: the id of the file.
    @discardableResult
    func upload(_ name: String) async throws -> String {
        let answer = try await call("PUT", "/api/v1/files/\(name.formEncoded)", body: Array("content".utf8))
        guard answer.status == 202, let id = try answer.files()[0].id else { throw Lost(answer: answer) }
        return id
    }
}
