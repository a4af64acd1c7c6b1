import Accounts
import Platform
import Redis
import RedisSupport
import TestSupport
import Testing

@Suite("Without Redis", .requires(.postgres))
struct OutageTests {
    @Test("H95 without Redis nobody is let in, nothing is changed, and the error says so")
    func redisAway() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let session = try await fixture.enter().session
            let awaiting = try await fixture.awaiting(from: .elsewhere())
            let code = try await fixture.lastCode()
            let anonymous = fixture.signIn.sessions.open()
            let captcha = fixture.signIn.captchas.make(for: anonymous)
            let attempt = LoginAttempt(login: "miami", password: Secret(SignInFixture.password), captcha: captcha, answer: "ABCDE")
            let form = Registration.Form(name: "other", email: "other@example.org", fullName: "", password: Secret(SignInFixture.password))
            let signIn = fixture.signIn
            fixture.server.kill()
            let steps: [@Sendable () async throws -> Void] = [
                { _ = try await signIn.sessions.touch(session.ticket, isActivity: true) },
                { _ = try await signIn.sessions.list(of: user.id) },
                { _ = try await signIn.captchas.admitDrawing(for: .somewhere) },
                { _ = try await signIn.captchas.answer(captcha, with: "ABCDE", for: anonymous, .somewhere) },
                { _ = try await signIn.begin(attempt, in: anonymous, .somewhere) },
                { _ = try await signIn.confirm(code, in: awaiting, .somewhere) },
                { _ = try await signIn.resend(in: awaiting, .somewhere) },
                { _ = try await signIn.changePassword(from: Secret("x"), to: Secret("a fine new one"), in: session, .somewhere) },
                { _ = try await signIn.endOthers(than: session, .somewhere) },
                { _ = try await fixture.administration.endSessions(of: user.id) },
                { _ = try await fixture.registration.register(form, network: .random) },
                { _ = try await fixture.resets.request(login: user.email, visitor: .somewhere) },
                { _ = try await Purge(pool: fixture.pool, redis: fixture.redis).runOnce() },
            ]
            for (number, step) in steps.enumerated() {
                #expect(await accountsCode(step) == .unavailable, "step \(number)")
            }
            #expect(try await signIn.audit.list(of: user.id).allSatisfy { $0.kind != .sessionsEnded })
            #expect(try await signIn.users.find(name: "other") == nil)
            #expect(fixture.resetMails.items.isEmpty && fixture.notices.items.isEmpty)
        }
    }

    @Test("H90 H95 ASVS 7.4.2 without Redis a user is disabled all the same, and the purge ends the sessions that were left")
    func disabledMeanwhile() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let sessions = [try await fixture.enter().session, try await fixture.awaiting(from: .elsewhere())]
            let tokens = TokenStore(pool: fixture.pool, cacheLifetime: .zero)
            let token = try await tokens.add(user: user.id, name: "laptop").reveal()
            // Away for whoever disables the user, while its keys stay what they were.
            try await RedisClient.with("redis://127.0.0.1:\(try LoopbackPort.free())") { away in
                let outcome = try await UserAdministration(pool: fixture.pool, redis: away).disable(user.id)
                #expect(outcome == .sessionsLeft)
            }
            #expect(try await fixture.signIn.users.find(user.id)?.isDisabled == true)
            #expect(try await tokens.authenticate(token) == nil)
            for session in sessions { #expect(try await fixture.end(of: session) == nil) }
            #expect(try await Purge(pool: fixture.pool, redis: fixture.redis).runOnce().lockedSessions == 2)
            for session in sessions { #expect(try await fixture.end(of: session) == .disabled) }
        }
    }

    @Test("H95 a Redis that has lost its keys knows nobody")
    func emptied() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let (session, awaiting) = (try await fixture.enter().session, try await fixture.awaiting(from: .elsewhere()))
            let code = try await fixture.lastCode()
            try await fixture.server.ask("FLUSHALL")
            #expect(try await fixture.end(of: session) == .idle)
            guard case .refused = try await fixture.signIn.confirm(code, in: awaiting, .somewhere) else { throw SignInFixture.Unexpected() }
            _ = try await fixture.enter()
        }
    }
}
