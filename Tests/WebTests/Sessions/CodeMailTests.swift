import Accounts
import Testing

extension OverSockets {
    @Suite("The mail with the code")
    struct CodeMailTests {
        private struct State: Decodable {
            let delivery, text: String?
        }

        @Test("H77 who waits for a code is told that its mail is late or was refused, on the page and by its script")
        func told() async throws {
            try await WebServer.withRedis { server, _ in
                let browser = Browser(server)
                let page = try await browser.follow(try await browser.login(try await browser.member().name))
                #expect(page.text.contains("id=\"mail-state\" hidden></p>"))
                let id = try #require(server.codes.all.last)
                for (delivery, words) in [
                    (MailDelivery.delayed, "The mail is late"), (.accepted, nil),
                    (.refused, "The code could not be delivered to u…@example.org; the mail server refused it for good."),
                ] {
                    try await server.signIn.note(delivery, of: id)
                    let page = try await browser.get("/login/code").text
                    let state = try await browser.call("GET", "/login/code/mail").decode(State.self)
                    #expect(state.delivery == delivery.rawValue)
                    #expect(page.contains("id=\"mail-state\" hidden") == (words == nil) && (state.text == nil) == (words == nil))
                    if let words { #expect(page.contains(words) && state.text?.hasPrefix(words) == true) }
                }
                // A wrong code does not hide it.
                #expect(try await browser.post("/login/code", ["code": "x"]).text.contains("The code could not be delivered"))
            }
        }

        @Test("H77 nobody else is told, and to ask does not keep a session alive")
        func others() async throws {
            try await WebServer.withRedis(["SLUICE_SESSION_IDLE": "60s"]) { server, _ in
                let (browser, other) = (Browser(server), Browser(server))
                let member = try await browser.member()
                _ = try await browser.follow(try await browser.login(member.name))
                try await server.signIn.note(.refused, of: try #require(server.codes.all.last))
                try await other.get("/login")
                #expect(try await other.call("GET", "/login/code/mail").status == 401)
                #expect(try await Browser(server).call("GET", "/login/code/mail").status == 401)
                let before = try await browser.lastUse()
                #expect(try await browser.call("GET", "/login/code/mail").status == 200)
                #expect(try await browser.lastUse() == before)
                try await browser.post("/login/code", ["code": try await browser.lastCode()])
                #expect(try await browser.call("GET", "/login/code/mail").status == 401)
            }
        }
    }
}
