import Accounts
import Testing

extension OverSockets {
    @Suite("Why one is here")
    struct ArrivalTests {
        private static let sentence = "Your new password is set. Log in with it."

        @Test(
            "a link of another site, or in a mail, says nothing in our name; the way from our own pages does",
            arguments: [
                (["Sec-Fetch-Site: same-origin"], true), (["Sec-Fetch-Site: same-origin", "Referer: https://evil.test/"], true),
                (["Sec-Fetch-Site: cross-site"], false), (["Sec-Fetch-Site: same-site"], false), (["Sec-Fetch-Site: none"], false),
                (["Sec-Fetch-Site: none", "Referer: https://sluice.test/"], false),
                // Of browsers that do not say so.
                (["Referer: https://sluice.test/password/reset"], true), (["Referer: https://sluice.test.evil.test/"], false),
                (["Referer: https://sluice.test"], false), (["Referer: http://sluice.test/"], false), ([], false),
            ])
        func shown(fields: [String], isShown: Bool) async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let page = try await browser.send(
                    HTTPCall("GET", "/login?from=reset", browser.fields(["Accept: text/html"] + fields)))
                #expect(page.status == 200 && page.text.contains(Self.sentence) == isShown)
            }
        }

        @Test("the page of the code and that of the account are no different, and a redirection lets the browser name the page before")
        func others() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let challenged = try await browser.login(try await browser.member().name)
                #expect(challenged["referrer-policy"] == "same-origin")
                func page(_ path: String, _ site: String) async throws -> String {
                    try await browser.send(HTTPCall("GET", path, browser.fields(["Accept: text/html", "Sec-Fetch-Site: \(site)"]))).text
                }
                #expect(try await page("/login/code?from=resent", "same-origin").contains("Another code is on its way."))
                #expect(try await !page("/login/code?from=resent", "cross-site").contains("Another code is on its way."))
                try await browser.post("/login/code", ["code": try await browser.lastCode()])
                #expect(try await page("/account?from=password", "same-origin").contains("Your password was changed"))
                #expect(try await !page("/account?from=password", "cross-site").contains("Your password was changed"))
            }
        }
    }
}
