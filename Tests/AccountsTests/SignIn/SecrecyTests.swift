import Accounts
import Cryptography
import FoundationEssentials
import Platform
import Postgres
import Redis
import TestSupport
import Testing

@Suite("What is stored", .requires(.postgres))
struct SecrecyTests {
    @Test("ASVS 6.5.2 no password, code, captcha, identifier, cookie or token is in Redis or Postgres in clear")
    func nothingInClear() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let anonymous = fixture.signIn.sessions.open()
            let captcha = fixture.signIn.captchas.make(for: anonymous)
            let letters = try fixture.letters(of: captcha, anonymous)
            #expect(try await fixture.signIn.captchas.answer(captcha, with: letters, for: anonymous, .somewhere) == .right)
            _ = try await fixture.begin("miami", "a wrong password")
            // What was typed into the wrong field.
            _ = try await fixture.begin("my secret password", "miami")
            let entered = try await fixture.enter()
            let awaiting = try await fixture.awaiting(from: .elsewhere())
            let code = try await fixture.lastCode()
            _ = try await fixture.resets.request(login: user.email, visitor: .somewhere)
            let link = try #require(try await fixture.resets.mail(for: fixture.resetMails.items[0])).token
            let token = try await TokenStore(pool: fixture.pool).add(user: user.id, name: "laptop").reveal()

            let secrets =
                [
                    SignInFixture.password, "a wrong password", "my secret password", code, letters, link.reveal(), token,
                    String(token.dropFirst(4)), try #require(entered.device).reveal(), String(repeating: "k", count: 32),
                ] + [anonymous, entered.session, awaiting].flatMap { [String($0.ticket.cookie.prefix(43)), $0.csrf.reveal()] }
            // What somebody typed, hence perhaps a password: not as a plain digest either, of which anybody can try the common ones.
            let typed = [SignInFixture.password, "a wrong password", "my secret password", "miami", user.email]
            let digests = typed.map { SHA256Hasher.digest(of: Array($0.utf8)).description }
            let stores = [try await redisDump(fixture.redis), try await databaseDump(fixture.pool)]
            for (store, text) in zip(["Redis", "Postgres"], stores) {
                #expect(text.utf8.count > 1000)
                for (number, secret) in secrets.enumerated() {
                    #expect(!text.contains(secret), "secret \(number) is in \(store)")
                    #expect(!text.contains(hexadecimal(secret)), "secret \(number) is in \(store) in hexadecimal")
                }
                for (number, digest) in digests.enumerated() {
                    #expect(!text.contains(digest), "the digest of text \(number) is in \(store)")
                }
            }
        }
    }

    @Test("nothing that holds a secret shows it when it is printed")
    func printed() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let entered = try await fixture.enter()
            let device = try #require(entered.device)
            _ = try await fixture.awaiting(from: .elsewhere())
            let mail = try #require(try await fixture.signIn.mail(for: fixture.mails.items[1]))
            let hash = try await fixture.hasher.hash(Secret("a password"))
            var texts = ["\(entered.session.ticket)", "\(device)", "\(mail.code)", "\(hash)"]
            let form = Registration.Form(name: "other", email: "other@example.org", fullName: "", password: Secret("a password"))
            for value: Any in [entered.session, device, mail.code, form] {
                var text = ""
                dump(value, to: &text)
                texts.append(text)
            }
            for text in texts {
                for secret in [
                    String(entered.session.ticket.cookie.prefix(43)), device.reveal(), mail.code.reveal(), "scrypt", "a password",
                ] {
                    #expect(!text.contains(secret))
                }
            }
        }
    }

    /// All keys and all that they hold.
    private func redisDump(_ redis: RedisClient) async throws -> String {
        var text = ""
        for key in try await redis.send(RedisCommand("KEYS", "*")).array ?? [] {
            guard let name = key.string else { continue }
            let command: RedisCommand =
                switch try await redis.send(RedisCommand("TYPE", RedisArgument(name))).string {
                case "hash": RedisCommand("HGETALL", RedisArgument(name))
                case "zset": RedisCommand("ZRANGE", RedisArgument(name), 0, -1, "WITHSCORES")
                default: RedisCommand("GET", RedisArgument(name))
                }
            let reply = try await redis.send(command)
            text += name + "\n" + (reply.array?.compactMap(\.string).joined(separator: "\n") ?? reply.string ?? "") + "\n"
        }
        return text
    }

    /// All rows of all tables; bytes as hexadecimal digits.
    private func databaseDump(_ pool: PostgresPool) async throws -> String {
        var text = ""
        for table in [
            "users", "api_tokens", "login_challenges", "password_resets", "known_devices", "audit_events", "registration_notices",
        ] {
            for row in try await pool.query("SELECT row_to_json(t)::text AS row FROM \(unsafeRaw: table) AS t") {
                text += try row.decode("row", as: String.self) + "\n"
            }
        }
        return text
    }

    private func hexadecimal(_ text: String) -> String {
        text.utf8.map { String($0 >> 4, radix: 16) + String($0 & 0xF, radix: 16) }.joined()
    }
}
