import Accounts
import Platform
import Postgres
import TestSupport
import Testing

extension OverSockets {
    @Suite("Pages")
    struct PageTests {
        @Test("styles and scripts have names for ever, import each other by these, and load from the page without an inline word")
        func assets() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                var wanted = Page.addresses("/assets/", in: try await browser.get("/").text)
                wanted.formUnion(Page.addresses("/assets/", in: try await browser.get("/account").text))
                #expect(wanted.contains { $0.hasPrefix("/assets/sluice.") && $0.hasSuffix(".css") } && wanted.count >= 8)
                var seen: Set<String> = []
                while let path = wanted.popFirst() {
                    let asset = try await browser.get(path)
                    #expect(asset.status == 200 && asset["cache-control"] == "public, max-age=31536000, immutable", "\(path)")
                    #expect(asset["x-content-type-options"] == "nosniff" && asset["set-cookie"] == nil)
                    let type = path.hasSuffix(".css") ? "text/css" : path.hasSuffix(".js") ? "text/javascript" : "image/svg+xml"
                    #expect(asset["content-type"]?.hasPrefix(type) == true)
                    seen.insert(path)
                    // Every import of a script names another asset.
                    for name in Page.addresses("./", in: asset.text) where path.hasSuffix(".js") {
                        let other = "/assets" + name.dropFirst(1)
                        #expect(other.split(separator: ".").count == 3, "\(name) in \(path)")
                        if !seen.contains(other) { wanted.insert(other) }
                    }
                }
                #expect(seen.contains { $0.hasPrefix("/assets/dom.") } && seen.contains { $0.hasPrefix("/assets/events.") })
                #expect(try await browser.get("/assets/dom.js").status == 404)
                #expect(try await browser.get("/assets/..%2f..%2fetc%2fpasswd").status == 404)
            }
        }

        @Test("browsers get a page for what is wrong, everything else a problem")
        func errors() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let page = try await browser.get("/nowhere", ["X-Request-ID: abc123"])
                #expect(page.status == 404 && page.text.contains("There is nothing here") && page["set-cookie"] == nil)
                let problem = try await server.send(HTTPCall("GET", "/nowhere"))
                #expect(problem.status == 404)
                #expect(try await browser.get("/api/v1/files")["content-type"] == "application/problem+json")
                let method = try await browser.send(HTTPCall("DELETE", "/login", browser.fields(["Accept: text/html"])))
                #expect(method.status == 405 && method["allow"] == "GET, HEAD, POST")
                #expect(try await browser.get("/?sort=nonsense").status == 303)
                try await browser.enter(try await browser.member().name)
                #expect(try await browser.get("/?sort=nonsense").status == 400)
                #expect(try await browser.get("/files/x/delete").status == 405)
            }
        }

        @Test("H36 names of people and files are text, whatever characters they have")
        func escaping() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                // The quote with an accent is one character to Swift, and none that Mustache knows.
                for name in ["<img src=x onerror=alert(1)>", "a\"\u{301} onfocus=alert(1) x=\"\u{301}", "b\u{600}\"x", "'&amp;"] {
                    try await browser.upload(name)
                }
                let home = try await browser.get("/")
                #expect(!home.text.contains("<img src=x") && !home.text.unicodeScalars.contains("\u{600}\"".unicodeScalars))
                #expect(!home.text.unicodeScalars.contains("\"\u{301}".unicodeScalars))
                #expect(home.text.contains("&lt;img src=x onerror=alert(1)&gt;"))
                let search = try await browser.get("/?search=%22%CC%81%3E%3Cscript%3E")
                #expect(
                    search.status == 200 && !search.text.contains("<script>")
                        && !search.text.unicodeScalars.contains("\"\u{301}".unicodeScalars))
            }
        }

        @Test("without scripts: upload with the token before the files, refusals by name, search, order, the next page, delete")
        func home() async throws {
            try await WebServer.withRedis(["SLUICE_MAX_FILE_SIZE": "1000"]) { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                func send(_ form: Form) async throws -> Answer {
                    try await browser.send(
                        HTTPCall(
                            "POST", "/files",
                            browser.fields(["Accept: text/html", "Origin: \(Browser.origin)", "Content-Type: \(form.contentType)"]),
                            body: form.bytes))
                }
                let token = Form().field("csrf", browser.csrf)
                #expect(try await send(token.file("b.txt").file("a.txt"))["location"] == "/")
                let partly = try await send(token.file("c.txt").file("huge <b>.iso", bytes: Array(repeating: 0x78, count: 2000)))
                #expect(partly.status == 413 && partly.text.contains("1 of 2 files were not taken"))
                #expect(partly.text.contains("<bdi>huge &lt;b&gt;.iso</bdi>: At most 1000 bytes are taken."))
                #expect(try await send(token).status == 400)

                let page = try await browser.get("/?sort=name&limit=2")
                let ids = Page.addresses("/files/", in: page.text).filter { $0.hasSuffix("/delete") && $0.count > 20 }
                #expect(ids.count == 2 && page.text.contains("aria-sort=\"ascending\"") && page.text.contains("On its way"))
                #expect(page.text.contains("href=\"/?sort=-name\"") && page.text.contains("href=\"/?sort=-size\""))
                let next = try #require(Page.addresses("/?sort=name&amp;cursor=", in: page.text).first).replacing("&amp;", with: "&")
                #expect(try await browser.get(next).text.contains("c.txt"))
                let found = try await browser.get("/?search=B.T&sort=-created")
                #expect(
                    found.text.contains("b.txt") && !found.text.contains("a.txt")
                        && found.text.contains("href=\"/?search=B.T&amp;sort=name\""))
                #expect(try await browser.get("/?search=zzz").text.contains("No name contains"))

                let path = try #require(ids.first)
                let question = try await browser.post(path)
                #expect(question.status == 200 && question.text.contains("Delete this file?"))
                #expect(try await browser.post(path, ["confirm": "yes"])["location"] == "/")
                #expect(try await browser.post(path, ["confirm": "yes"]).status == 404)
                let other = Browser(server)
                try await other.enter(try await other.member().name)
                let foreign = try #require(ids.dropFirst().first)
                #expect(try await other.post(foreign).status == 404)
                #expect(try await other.post(foreign, ["confirm": "yes"]).status == 404)
                #expect(try await browser.call("GET", "/api/v1/files").files().count == 2)
            }
        }

        @Test("ASVS 7.5.1 API tokens: for the password once more, shown once, listed by name, revoked; errors stand beside their fields")
        func tokens() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                #expect(try await browser.get("/account").text.contains("No tokens yet."))
                let made = try await browser.post(
                    "/account/tokens",
                    ["token_name": "Nightly <b>", "token_days": "30", "token_read": "yes", "token_password": Browser.password])
                let token = try #require(Page.between("id=\"new-token\" value=\"", "\"", in: made.text))
                Recorder<String>.secrets.record(token)
                #expect(made.status == 200 && token.hasPrefix("slc_"))
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files", token: token)).status == 200)
                let page = try await browser.get("/account")
                #expect(!page.text.contains(token) && page.text.contains("Nightly &lt;b&gt;") && page.text.contains("expires"))
                #expect(
                    page.text.contains("https://sluice.test/api/v1/files/") == false
                        && made.text.contains("https://sluice.test/api/v1/files/"))
                let bad = try await browser.post("/account/tokens", ["token_name": "", "token_days": "30", "token_read": "yes"])
                #expect(bad.status == 422 && bad.text.contains("id=\"token_name-error\""))
                for password in ["", "wrong password"] {
                    let wrong = try await browser.post(
                        "/account/tokens", ["token_name": "kept", "token_days": "30", "token_write": "yes", "token_password": password])
                    #expect(
                        wrong.status == 422 && wrong.text.contains("id=\"token_password-error\"") && wrong.text.contains("value=\"kept\""))
                    #expect(!wrong.text.contains("wrong password") && !wrong.text.contains("id=\"new-token\""))
                }
                #expect(page.text.contains("Your <a href=\"#tokens-title\">1 API token</a> will go on working after it."))
                let revoke = try #require(Page.addresses("/account/tokens/", in: page.text).first { $0.hasSuffix("/revoke") })
                let other = Browser(server)
                try await other.enter(try await other.member().name)
                _ = try await other.post(revoke)
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files", token: token)).status == 200)
                #expect(try await browser.follow(try await browser.post(revoke)).text.contains("The token was revoked."))
                #expect(await eventually { (try? await server.send(HTTPCall("GET", "/api/v1/files", token: token)).status) == 401 })
                for path in ["/account/tokens/x/revoke", "/account/tokens/99999999999999999999/revoke"] {
                    #expect(try await browser.post(path).status == 404)
                }
            }
        }

        @Test(
            "scopes of a new token: all are ticked at first, one has to be, what was ticked stays so, and the list says what a token may do"
        )
        func scopes() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                try await browser.enter(try await browser.member().name)
                #expect(Self.ticked(try await browser.get("/account")) == ["token_read", "token_write", "token_delete"])
                // No password is looked at, and no try of it counted, for a form like that.
                let none = try await browser.post("/account/tokens", ["token_name": "x", "token_password": Browser.password])
                #expect(none.status == 422 && none.text.contains("id=\"token_scopes-error\"") && none.text.contains("href=\"#token_read\""))
                #expect(Self.ticked(none) == [])
                let wrong = try await browser.post(
                    "/account/tokens", ["token_name": "x", "token_read": "yes", "token_delete": "yes", "token_password": "wrong"])
                #expect(wrong.status == 422 && Self.ticked(wrong) == ["token_read", "token_delete"])
                let made = try await browser.post(
                    "/account/tokens", ["token_name": "x", "token_read": "yes", "token_write": "no", "token_password": Browser.password])
                let token = try #require(Page.between("id=\"new-token\" value=\"", "\"", in: made.text))
                Recorder<String>.secrets.record(token)
                #expect(made.text.contains("may read</p>"))
                #expect(try await server.send(HTTPCall("GET", "/api/v1/files", token: token)).status == 200)
                #expect(try await server.send(.put("a", token: token)).status == 403)
            }
        }

        @Test("H66 the forms of an account are about the session's user, whatever else they hold")
        func extraFields() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let (user, other) = (try await browser.member(), try await browser.member())
                let hash = { @Sendable () -> String? in
                    try await server.pool.query("SELECT password FROM users WHERE id = \(other.id)").first?.decode(at: 0)
                }
                let before = try await hash()
                try await browser.enter(user.name)
                try await browser.get("/account")
                let made = try await browser.post(
                    "/account/tokens",
                    [
                        "token_name": "x", "token_days": "30", "token_read": "yes", "token_password": Browser.password,
                        "owner_id": "\(other.id)", "user": "\(other.id)", "user_id": "\(other.id)", "is_admin": "true",
                    ])
                Recorder<String>.secrets.record(try #require(Page.between("id=\"new-token\" value=\"", "\"", in: made.text)))
                let store = TokenStore(pool: server.pool)
                #expect(try await store.list(user: user.id).count == 1)
                #expect(try await store.list(user: other.id).isEmpty)
                let changed = try await browser.post(
                    "/account/password",
                    [
                        "current_password": Browser.password, "password": "another good one", "name": other.name, "login": other.name,
                        "user": "\(other.id)", "user_id": "\(other.id)", "is_admin": "true", "full_name": "x",
                    ])
                #expect(changed.status == 303)
                #expect(try await hash() == before && before != nil)
                for id in [user.id, other.id] { #expect(try await server.signIn.users.find(id)?.isAdmin == false) }
            }
        }

        private static func ticked(_ answer: Answer) -> [String] {
            ["token_read", "token_write", "token_delete"].filter {
                answer.text.contains("type=\"checkbox\" id=\"\($0)\" name=\"\($0)\" value=\"yes\" checked>")
            }
        }
    }
}

extension String.UnicodeScalarView {
    /// Whether a run of scalars occurs in it.
    fileprivate func contains(_ other: String.UnicodeScalarView) -> Bool {
        !Array(self).ranges(of: Array(other)).isEmpty
    }
}
