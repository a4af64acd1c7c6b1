import Accounts
import Redis
import RedisSupport
import TestSupport
import Testing

extension OverSockets {
    @Suite("Links to choose a password")
    struct ResetTests {
        @Test("ASVS 6.1.1, 2.4.1, H80 a link is asked for with a captcha, which has one try; without one nothing is counted or made")
        func captcha() async throws {
            try await WebServer.withRedis { server, redis in
                let browser = Browser(server)
                let member = try await browser.member()
                let first = try await browser.solved(try await browser.get("/password/forgot"))
                let fields = { (id: String, letters: String) -> KeyValuePairs<String, String> in
                    ["login": member.name, "captcha": letters, "captcha_id": id]
                }
                for (id, letters) in [("", ""), ("x", first.letters), (first.id, "CCCCC"), (first.id, first.letters)] {
                    let answer = try await browser.post("/password/forgot", fields(id, letters))
                    #expect(answer.status == 422 && answer.text.contains("These were not the letters"))
                    #expect(
                        answer.text.contains("value=\"\(member.name)\"")
                            && answer.text.contains("href=\"/password/forgot\" data-part=\"reload\""))
                }
                #expect(server.links.all.isEmpty)
                #expect(try await redis.ask("KEYS", "{sess}th:mails:*").array == [])
                let second = try await browser.solved(try await browser.get("/password/forgot"))
                #expect(try await browser.post("/password/forgot", fields(second.id, second.letters)).status == 200)
                #expect(try await browser.post("/password/forgot", fields(second.id, second.letters)).status == 422)
                #expect(server.links.all.count == 1)
            }
        }

        @Test("H92 a link that does not work sets no cookie and takes none away, whoever leads a browser there")
        func planted() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let token = try await link(of: try await browser.member(), server)
                try await browser.get("/password/reset?token=\(token)")
                for text in [OpaqueToken().reveal(), "x", ""] {
                    let answer = try await browser.get("/password/reset?token=\(text)", ["Sec-Fetch-Site: cross-site"])
                    #expect(answer.status == 410 && answer.fields.allSatisfy { !$0.value.hasPrefix("__Host-sluice-reset") })
                }
                #expect(browser.cookies["__Host-sluice-reset"] == token)
                #expect(try await browser.get("/password/reset").status == 200)
            }
        }

        @Test("H92 the form says whose password it sets, and counts for the link that it was shown for alone")
        func swapped() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let (victim, attacker) = (try await browser.member(), try await browser.member("mallory"))
                let (own, planted) = (try await link(of: victim, server), try await link(of: attacker, server))
                let form = try await browser.follow(try await browser.get("/password/reset?token=\(own)"))
                #expect(form.text.contains("For the account of <b>u…@example.org</b>"))
                let name = try #require(Page.value(of: "link", in: form.text))
                #expect(try await browser.get("/password/reset?token=\(planted)").status == 303)
                for link in [name, ""] {
                    browser.cookies["__Host-sluice-reset"] = planted
                    let answer = try await browser.post("/password/reset", ["link": link, "password": "a new and longer one"])
                    #expect(answer.status == 409 && answer.text.contains("Another link was opened meanwhile"))
                    #expect(browser.cookies["__Host-sluice-reset"] == nil)
                }
                #expect(
                    try await browser.follow(try await browser.get("/password/reset?token=\(planted)")).text.contains(
                        "<b>m…@example.org</b>"))
                try await browser.get("/password/reset?token=\(own)")
                #expect(
                    try await browser.post("/password/reset", ["link": name, "password": "a new and longer one"])["location"]
                        == "/login?from=reset")
                #expect(try await browser.login(attacker.name)["location"] == "/login/code")
            }
        }

        private func link(of user: User, _ server: WebServer) async throws -> String {
            let visitor = Visitor(network: NetworkAddress(.randomNetwork))
            guard case .accepted = try await server.resets.request(login: user.name, visitor: visitor), let id = server.links.all.last,
                let mail = try await server.resets.mail(for: id)
            else { throw WebDatabase.Missing() }
            return mail.token.reveal()
        }
    }
}
