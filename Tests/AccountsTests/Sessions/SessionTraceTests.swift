import Accounts
import Platform
import Redis
import TestSupport
import Testing

@Suite("What a session has let in", .requires(.postgres))
struct SessionTraceTests {
    @Test("H88 H89 an upload goes along with its session to each new identifier and keeps it alive; the old ones open nothing")
    func follows() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let first = try await fixture.enter().session
            var trace = SessionTrace(first)
            #expect(try await fixture.signIn.sessions.follow(&trace, isActivity: true) == nil)
            let second = try await change(first, 1, fixture)
            let third = try await change(second, 2, fixture)
            _ = try await fixture.redis.send(RedisCommand("PEXPIRE", fixture.key(of: third), 60_000))
            #expect(try await fixture.signIn.sessions.follow(&trace, isActivity: false) == nil)
            #expect(try await fixture.ttl(of: third) <= 60_000)
            #expect(try await fixture.signIn.sessions.follow(&trace, isActivity: true) == nil)
            #expect(try await (900_000 - 10_000 * Patience.factor...900_000).contains(Int(fixture.ttl(of: third))))
            for session in [first, second] { #expect(try await fixture.end(of: session) == .replaced) }
            // Known by its last identifier from now on: the way there may be forgotten.
            for key in try await fixture.redis.send(RedisCommand("KEYS", "{sess}gone:*")).array ?? [] {
                _ = try await fixture.redis.send(RedisCommand("DEL", RedisArgument(key.string ?? "")))
            }
            #expect(try await fixture.signIn.sessions.follow(&trace, isActivity: true) == nil)
        }
    }

    @Test("H90 an upload ends when the session that it went along with ends, for the same reason", arguments: [true, false])
    func ends(hasLooked: Bool) async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let first = try await fixture.enter().session
            var trace = SessionTrace(first)
            let second = try await change(first, 1, fixture)
            if hasLooked { #expect(try await fixture.signIn.sessions.follow(&trace, isActivity: true) == nil) }
            try await fixture.signIn.signOut(second, .somewhere)
            #expect(try await fixture.signIn.sessions.follow(&trace, isActivity: true) == .logout)
            #expect(try await fixture.redis.send(RedisCommand("KEYS", "{sess}s:*")).array?.isEmpty == true)
        }
    }

    @Test("H90 uploads of other sessions end with these at a change; nothing goes along from the code to the session behind it")
    func others() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let awaiting = try await fixture.awaiting()
            var before = SessionTrace(awaiting)
            guard case .signedIn(let mine, _) = try await fixture.signIn.confirm(fixture.lastCode(), in: awaiting, .somewhere) else {
                throw SignInFixture.Unexpected()
            }
            #expect(try await fixture.signIn.sessions.follow(&before, isActivity: true) == .replaced)
            var other = SessionTrace(try await fixture.enter(from: .elsewhere()).session)
            _ = try await change(mine, 1, fixture)
            #expect(try await fixture.signIn.sessions.follow(&other, isActivity: true) == .password)
        }
    }

    private func change(_ session: Session, _ number: Int, _ fixture: SignInFixture) async throws -> Session {
        let passwords = [SignInFixture.password, "a second battery", "a third battery of them"].map { Secret($0) }
        let outcome = try await fixture.signIn.changePassword(
            from: passwords[number - 1], to: passwords[number], in: session, .somewhere)
        guard case .changed(let next) = outcome else { throw SignInFixture.Unexpected() }
        return next
    }
}
