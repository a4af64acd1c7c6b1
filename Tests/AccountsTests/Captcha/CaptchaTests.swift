import Accounts
import Cryptography
import FoundationEssentials
import Platform
import Redis
import RedisSupport
import TestSupport
import Testing

@Suite("Captchas", .requires(.postgres))
struct CaptchaTests {
    @Test("a captcha is answered in either case, looks the same whoever draws it, and is made without a question to any store")
    func answered() async throws {
        try await SignInFixture.with { fixture in
            let (captchas, session) = (fixture.signIn.captchas, fixture.signIn.sessions.open())
            let id = captchas.make(for: session)
            let challenge = try #require(captchas.find(id, for: session))
            #expect(challenge.letters.count == 5 && challenge.letters.allSatisfy(CaptchaText.alphabet.contains))
            let copy = try #require(CaptchaID(id.description))
            let again = try #require(captchas.find(copy, for: session))
            #expect(again.letters == challenge.letters && again.seed == challenge.seed)
            #expect(try await fixture.server.commandCount() == 0)
            #expect(try await captchas.answer(id, with: " \(challenge.letters.lowercased()) ", for: session, .somewhere) == .right)
        }
    }

    @Test("H82 a captcha has one try, right or wrong, however many are made at once")
    func oneTry() async throws {
        try await SignInFixture.with { fixture in
            let (captchas, session) = (fixture.signIn.captchas, fixture.signIn.sessions.open())
            let right = captchas.make(for: session)
            let letters = try fixture.letters(of: right, session)
            let answers = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 {
                    group.addTask { (try? await captchas.answer(right, with: letters, for: session, .somewhere)) == .right }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(answers == 1)
            let wrong = captchas.make(for: session)
            let other = try fixture.letters(of: wrong, session)
            for text in ["", "ABCD", String(other.reversed()) + "A", other] {
                #expect(try await captchas.answer(wrong, with: text, for: session, .somewhere) == .wrong)
            }
        }
    }

    @Test("H82 a captcha counts in its own session only, which others cannot spoil")
    func bound() async throws {
        try await SignInFixture.with { fixture in
            let (captchas, sessions) = (fixture.signIn.captchas, fixture.signIn.sessions)
            let (session, other) = (sessions.open(), sessions.open())
            let id = captchas.make(for: session)
            let letters = try fixture.letters(of: id, session)
            #expect(captchas.find(id, for: other) == nil)
            #expect(try await captchas.answer(id, with: letters, for: other, .somewhere) == .wrong)
            #expect(try await captchas.answer(id, with: letters, for: session, .somewhere) == .right)
            // Also in a session that has come further with the password, as it is another one.
            _ = try await fixture.member()
            guard case .challenged(let awaiting, _) = try await fixture.begin("miami", in: session) else {
                throw SignInFixture.Unexpected()
            }
            let early = captchas.make(for: session)
            #expect(captchas.find(early, for: awaiting) == nil)
            let own = captchas.make(for: awaiting)
            #expect(try await captchas.answer(own, with: fixture.letters(of: own, awaiting), for: awaiting, .somewhere) == .right)
        }
    }

    @Test("H82 a captcha counts for five minutes, and that it was used is known for as long, by any clock")
    func expired() async throws {
        try await SignInFixture.with { fixture in
            let (captchas, session) = (fixture.signIn.captchas, fixture.signIn.sessions.open())
            let old = captchas.make(for: session, at: Date() - 301)
            #expect(captchas.find(old, for: session) == nil)
            #expect(try await captchas.answer(old, with: "ABCDE", for: session, .somewhere) == .wrong)
            #expect(try await fixture.server.commandCount() == 0)
            let young = captchas.make(for: session, at: Date() - 270)
            let letters = try fixture.letters(of: young, session)
            #expect(try await captchas.answer(young, with: letters, for: session, .somewhere) == .right)
            let rest = try await fixture.redis.send(RedisCommand("PTTL", "{sess}cap:\(young)")).int ?? 0
            #expect((80_000...90_000).contains(rest))
        }
    }

    @Test("H82 a name that was changed anywhere, or made with another key, is no captcha, and costs Redis nothing")
    func forged() async throws {
        try await SignInFixture.with { fixture in
            let (captchas, session) = (fixture.signIn.captchas, fixture.signIn.sessions.open())
            let bytes = try #require(Base64URL.decode(captchas.make(for: session).description))
            let key = try #require(SignInKey(Secret(String(repeating: "x", count: 32))))
            var forged = [CaptchaStore(client: fixture.redis, pool: fixture.pool, key: key).make(for: session)]
            for index in bytes.indices {
                var changed = bytes
                changed[index] ^= 1
                forged.append(try #require(CaptchaID(Base64URL.encode(changed))))
            }
            #expect(forged.count == 31)
            for id in forged {
                #expect(captchas.find(id, for: session) == nil)
                #expect(try await captchas.answer(id, with: "ABCDE", for: session, .somewhere) == .wrong)
            }
            #expect(try await fixture.server.commandCount() == 0)
        }
    }

    @Test(
        "what cannot be the name of a captcha is none",
        arguments: [
            "", "x", String(repeating: "A", count: 39), String(repeating: "A", count: 41), String(repeating: "A", count: 44),
            String(repeating: "=", count: 40), String(repeating: "é", count: 20), String(repeating: "../../", count: 7).dropLast(2) + "",
        ])
    func badName(text: String) {
        #expect(CaptchaID(text) == nil)
    }
}
