import Accounts
import FoundationEssentials
import Platform
import TestSupport
import Testing

extension OverSockets {
    @Suite("What browsers are told")
    struct BrowserRulesTests {
        /// Pages of every kind: for strangers, for members, refusals.
        private static let pages = ["/login", "/register", "/password/forgot", "/password/reset", "/", "/account", "/nowhere", "/?sort=x"]

        @Test(
            "ASVS 3.3.1 3.3.2 3.3.3 3.3.4 all three cookies are for this host by TLS alone, for no script, and not sent along by other sites"
        )
        func cookies() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let member = try await browser.member()
                var fields = try await browser.get("/login").fields
                try await browser.fill("/password/forgot", ["login": member.name])
                let id = try #require(server.links.all.last)
                let link = try #require(try await server.resets.mail(for: id))
                fields += try await browser.get("/password/reset?token=\(link.token.reveal())").fields
                fields += try await browser.login(member.name).fields
                try await browser.get("/login/code")
                fields += try await browser.post("/login/code", ["code": browser.lastCode()]).fields
                var names: Set<Substring> = []
                for field in fields where field.name == "set-cookie" {
                    let parts = field.value.split(separator: "; ")
                    names.insert(parts[0].prefix { $0 != "=" })
                    let attributes = Set(parts.dropFirst().filter { !$0.hasPrefix("Max-Age=") })
                    // No Domain: with the prefix that is the browser's rule as well.
                    #expect(attributes == ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"], "\(names)")
                }
                #expect(names == ["__Host-sluice", "__Host-sluice-device", "__Host-sluice-reset"])
            }
        }

        @Test("ASVS 3.4.2 no other origin may read anything: no answer has a field of CORS, to a preflight or to anything else")
        func sharing() async throws {
            try await WebServer.withRedis { server, _ in
                let (browser, account) = (Browser(server), try await server.account())
                try await browser.enter(try await browser.member().name)
                let asset = try #require(Page.addresses("/assets/", in: try await browser.get("/").text).first)
                for origin in ["https://evil.test", "null", Browser.origin] {
                    let asking = [
                        "Origin: \(origin)", "Access-Control-Request-Method: DELETE", "Access-Control-Request-Headers: x-csrf-token",
                    ]
                    for path in ["/login", "/", "/account", "/api/v1/files", "/api/v1/files/a", "/openapi.yaml", asset] {
                        for method in ["OPTIONS", "GET"] {
                            let bearer = ["Authorization: Bearer \(account.token)"]
                            for fields in [browser.fields(asking), bearer + asking] {
                                let answer = try await browser.send(HTTPCall(method, path, fields))
                                #expect(!answer.fields.contains { $0.name.hasPrefix("access-control-") }, "\(method) \(path)")
                                if method == "OPTIONS" { #expect(answer.status >= 400, "\(path)") }
                            }
                        }
                    }
                }
            }
        }

        @Test("ASVS 3.4.3 3.4.4 3.4.5 3.4.6 3.4.8 14.3.2 pages run and load what is ours alone, cannot be framed, and are not kept")
        func headers() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                for isMember in [false, true] {
                    if isMember { try await browser.enter(try await browser.member().name) }
                    for path in Self.pages {
                        let answer = try await browser.get(path)
                        #expect(answer["cache-control"] == "no-store" && answer["x-content-type-options"] == "nosniff", "\(path)")
                        #expect(["same-origin", "no-referrer"].contains(answer["referrer-policy"]), "\(path)")
                        let rules = Set((answer["content-security-policy"] ?? "").split(separator: "; ").map(String.init))
                        // What is not allowed by name falls back to the first, objects among it.
                        #expect(rules.isSuperset(of: ["default-src 'none'", "frame-ancestors 'none'"]), "\(path)")
                        guard answer["content-type"] != nil else { continue }
                        #expect(
                            rules
                                == [
                                    "default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self'", "media-src 'self'",
                                    "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
                                ], "\(path)")
                        #expect(answer["cross-origin-opener-policy"] == "same-origin", "\(path)")
                    }
                }
                let data = try await browser.call("GET", "/api/v1/files")
                #expect(data["cache-control"] == "no-store" && data["content-security-policy"]?.contains("sandbox") == true)
            }
        }

        @Test("ASVS 3.5.3 nothing is changed by GET or HEAD, whatever the address says")
        func reading() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let member = try await browser.member()
                try await browser.enter(member.name)
                let (file, csrf) = (try await browser.upload("kept"), browser.csrf)
                let paths = [
                    "/logout", "/files/\(file)/delete", "/account/password", "/account/tokens", "/account/tokens/1/revoke",
                    "/account/sessions/end-others", "/login/code/resend", "/session/stay", "/files", "/api/v1/files/\(file)", "/account",
                    "/",
                ]
                let query =
                    "?csrf=\(csrf)&confirm=yes&_method=DELETE&current_password=\(Browser.password.formEncoded)&password=another+good+one"
                let fields = ["X-CSRF-Token: \(csrf)", "X-HTTP-Method-Override: DELETE"]
                let before = try await server.signIn.audit.list(of: member.id).count
                for path in paths {
                    for method in ["GET", "HEAD"] {
                        let peer = try await server.connect()
                        try await peer.send(HTTPCall(method, path + query, browser.fields(fields)).bytes)
                        let status = try await peer.receive(isHead: method == "HEAD").status
                        #expect([200, 400, 405].contains(status), "\(method) \(path) \(status)")
                        await peer.close()
                    }
                }
                #expect(try await server.signIn.audit.list(of: member.id).count == before)
                #expect(try await browser.call("GET", "/api/v1/files").files().map(\.id) == [file])
                let other = Browser(server)
                #expect(try await other.login(member.name)["location"] == "/login/code")
            }
        }

        @Test("ASVS 7.4.4 every page of whoever is signed in has the button to log out, and no other page has it")
        func visibleLogout() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let form = "<form class=\"top-end\" action=\"/logout\" method=\"post\">"
                #expect(try await !browser.get("/login").text.contains(form))
                try await browser.enter(try await browser.member().name)
                let file = try await browser.upload("a")
                let pages = [
                    try await browser.get("/"), try await browser.get("/account"), try await browser.post("/files/\(file)/delete"),
                    try await browser.post("/account/password", ["current_password": "x", "password": "y"]),
                ]
                for page in pages { #expect(page.text.contains(form) && page.text.contains("<button class=\"plain\">Log out</button>")) }
            }
        }
    }
}
