import Accounts
import FoundationEssentials
import Platform
import Redis
import RedisSupport
import TestSupport
import Testing

extension OverSockets {
    @Suite("Registering")
    struct RegisterTests {
        @Test("ASVS 2.4.1, H80 a registration takes a captcha, which has one try; without one nothing is counted, hashed or made")
        func captcha() async throws {
            try await WebServer.withRedis { server, redis in
                let browser = Browser(server)
                let captcha = try await browser.solved(try await browser.get("/register"))
                let fields = { (name: String, id: String, letters: String) -> KeyValuePairs<String, String> in
                    [
                        "name": name, "email": "\(name)@example.org", "password": Browser.password, "captcha": letters, "captcha_id": id,
                    ]
                }
                for (id, letters) in [("", ""), ("x", captcha.letters), (captcha.id, "CCCCC"), (captcha.id, captcha.letters)] {
                    let answer = try await browser.post("/register", fields("walter", id, letters))
                    #expect(answer.status == 422 && answer.text.contains("These were not the letters"))
                    #expect(
                        answer.text.contains("value=\"walter@example.org\"")
                            && answer.text.contains("href=\"/register\" data-part=\"reload\""))
                }
                #expect(try await redis.ask("KEYS", "{sess}th:*register*").array == [])
                #expect(try await server.signIn.users.find(name: "walter") == nil)
                let next = try await browser.solved(try await browser.get("/register"))
                #expect(try await browser.post("/register", fields("walter", next.id, next.letters)).status == 303)
                #expect(try await browser.post("/register", fields("walter2", next.id, next.letters)).status == 422)
            }
        }

        @Test("H66 a registration makes nobody an administrator, and takes neither number nor state")
        func extraFields() async throws {
            try await WebServer.withRedis { server, _ in
                let name = "m" + UUIDv7().description.replacing("-", with: "")
                let answer = try await Browser(server).fill(
                    "/register",
                    [
                        "name": name, "email": "\(name)@example.org", "password": "another horse battery", "is_admin": "true",
                        "isAdmin": "1", "admin": "yes", "role": "admin", "id": "1", "user_id": "1", "is_disabled": "true",
                        "created_at": "1970-01-01",
                    ])
                #expect(answer.status == 303)
                let user = try #require(try await server.signIn.users.find(name: name))
                #expect(!user.isAdmin && !user.isDisabled && user.id != UserID(rawValue: 1))
                #expect(user.createdAt.timeIntervalSince1970 > 1_700_000_000)
            }
        }

        @Test("ASVS 6.3.8 H84 an address that has an account is answered like a new one, and what follows is like a wrong password")
        func takenAddress() async throws {
            try await WebServer.withRedis { server, _ in
                let owner = try await Browser(server).member("owner")
                var answers: Set<String> = []
                for (name, email) in [("newcomer", "newcomer@example.org"), ("stranger", owner.email.uppercased())] {
                    let browser = Browser(server)
                    let answer = try await browser.fill(
                        "/register", ["name": name, "email": email, "password": "another horse battery"])
                    let page = try await browser.follow(answer)
                    let captcha = Page.value(of: "captcha_id", in: page.text) ?? ""
                    answers.insert(
                        "\(answer.status) \(answer["location"] ?? "") \(answer.text)"
                            + page.text.replacing(browser.csrf, with: "").replacing(captcha, with: ""))
                }
                #expect(answers.count == 1 && answers.first?.contains("look into your mail") == true)
                #expect(try await server.signIn.users.find(name: "stranger") == nil)
                let mails = [
                    try await server.registration.mail(for: server.notices.all[0]),
                    try await server.registration.mail(for: server.notices.all[1]),
                ]
                #expect(mails[0] == nil && mails[1]?.address == owner.email && mails[1]?.name == owner.name)
                let browser = Browser(server)
                for login in ["stranger", owner.email] {
                    let answer = try await browser.login(login, "another horse battery")
                    #expect(answer.status == 422 && answer.text.contains("These details did not match"))
                }
                #expect(try await browser.login(owner.name)["location"] == "/login/code")
            }
        }
    }
}
