import Accounts
import Redis
import TestSupport
import Testing

@Suite("Captchas", .requires(.postgres))
struct CaptchaTests {
    @Test("a captcha is answered in either case, and looks the same whoever draws it")
    func answered() async throws {
        try await SignInFixture.with { fixture in
            let (captchas, session) = (fixture.signIn.captchas, try await fixture.signIn.sessions.open(for: .somewhere))
            let id = try await make(fixture, session)
            let challenge = try #require(try await captchas.fetch(id, for: session))
            #expect(challenge.letters.count == 5 && challenge.letters.allSatisfy(CaptchaText.alphabet.contains))
            let copy = try #require(CaptchaID(id.description))
            let again = try #require(try await captchas.fetch(copy, for: session))
            #expect(again.letters == challenge.letters && again.seed == challenge.seed)
            #expect(try await captchas.answer(id, with: " \(challenge.letters.lowercased()) ", for: session))
        }
    }

    @Test("H82 a captcha has one try, right or wrong")
    func oneTry() async throws {
        try await SignInFixture.with { fixture in
            let (captchas, session) = (fixture.signIn.captchas, try await fixture.signIn.sessions.open(for: .somewhere))
            let right = try await make(fixture, session)
            let letters = try #require(try await captchas.fetch(right, for: session)).letters
            let answers = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 { group.addTask { (try? await captchas.answer(right, with: letters, for: session)) ?? false } }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(answers == 1)
            let wrong = try await make(fixture, session)
            let other = try #require(try await captchas.fetch(wrong, for: session)).letters
            for text in ["", "ABCD", String(other.reversed()) + "A", other] {
                #expect(try await !captchas.answer(wrong, with: text, for: session))
            }
            #expect(try await captchas.fetch(wrong, for: session) == nil)
        }
    }

    @Test("H82 a captcha counts in its own session only, which others cannot spoil, and for five minutes")
    func bound() async throws {
        try await SignInFixture.with { fixture in
            let (captchas, sessions) = (fixture.signIn.captchas, fixture.signIn.sessions)
            let (session, other) = (try await sessions.open(for: .somewhere), try await sessions.open(for: .somewhere))
            let id = try await make(fixture, session)
            let letters = try #require(try await captchas.fetch(id, for: session)).letters
            #expect(try await captchas.fetch(id, for: other) == nil)
            #expect(try await !captchas.answer(id, with: letters, for: other))
            let ttl = try await fixture.redis.send(RedisCommand("PTTL", "{sess}cap:\(id)")).int ?? 0
            #expect((295_000...300_000).contains(ttl))
            #expect(try await captchas.answer(id, with: letters, for: session))
            let late = try await make(fixture, session)
            let expected = try #require(try await captchas.fetch(late, for: session)).letters
            _ = try await fixture.redis.send(RedisCommand("PEXPIRE", "{sess}cap:\(late)", 0))
            #expect(try await !captchas.answer(late, with: expected, for: session))
        }
    }

    @Test("H83 60 captchas in ten minutes for a session, 300 for a network")
    func flood() async throws {
        try await SignInFixture.with { fixture in
            let (captchas, network) = (fixture.signIn.captchas, NetworkAddress.random)
            var made = 0
            for _ in 0..<6 {
                let session = try await fixture.signIn.sessions.open(for: .somewhere)
                for _ in 0..<61 {
                    if case .made = try await captchas.make(for: session, network: network) { made += 1 }
                }
            }
            #expect(made == 300)
            let session = try await fixture.signIn.sessions.open(for: .somewhere)
            guard case .throttled(let retryAfter) = try await captchas.make(for: session, network: network) else {
                throw SignInFixture.Unexpected()
            }
            #expect(retryAfter > .zero && retryAfter <= .seconds(600))
        }
    }

    @Test(
        "what cannot be the name of a captcha is none",
        arguments: ["", "x", String(repeating: "A", count: 23), "../../../etc/passwd/etc", "A A A A A A A A A A A A"])
    func badName(text: String) {
        #expect(CaptchaID(text) == nil)
    }

    private func make(_ fixture: SignInFixture, _ session: Session) async throws -> CaptchaID {
        guard case .made(let id) = try await fixture.signIn.captchas.make(for: session, network: .random) else {
            throw SignInFixture.Unexpected()
        }
        return id
    }
}
