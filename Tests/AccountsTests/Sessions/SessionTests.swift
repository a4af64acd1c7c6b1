import Accounts
import FoundationEssentials
import Platform
import Redis
import TestSupport
import Testing

@Suite("Sessions", .requires(.postgres))
struct SessionTests {
    @Test("Redis ends a session after the idle limit, and says of it what it was opened with")
    func open() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let session = try await fixture.enter().session
            let user = try #require(session.user)
            #expect(session.state == .signedIn(user) && user.name == "miami")
            #expect(try await (900_000 - 10_000 * Patience.factor...900_000).contains(Int(fixture.ttl(of: session))))
            #expect(abs(session.absoluteEnd.timeIntervalSince(session.openedAt) - 12 * 3600) < 0.01)
            guard case .live(let found) = try await fixture.look(session) else { throw SignInFixture.Unexpected() }
            #expect(found.state == session.state && found.csrf == session.csrf && found.ticket == session.ticket)
            #expect(found.openedAt == session.openedAt && found.absoluteEnd == session.absoluteEnd)
        }
    }

    @Test("H89 polling does not renew the idle limit, what a person does renews it, and the absolute end stays")
    func activity() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let (sessions, session) = (fixture.signIn.sessions, try await fixture.enter().session)
            _ = try await fixture.redis.send(RedisCommand("PEXPIRE", fixture.key(of: session), 60_000))
            guard case .live(let polled) = try await sessions.touch(session.ticket, isActivity: false) else {
                throw SignInFixture.Unexpected()
            }
            #expect(try await fixture.ttl(of: session) <= 60_000)
            #expect(polled.lastUsedAt == session.lastUsedAt)
            // Within one millisecond a new time could not be told from the old one.
            _ = try await fixture.redis.send(RedisCommand("HINCRBY", fixture.key(of: session), "seen", -1000))
            guard case .live(let used) = try await sessions.touch(session.ticket, isActivity: true) else {
                throw SignInFixture.Unexpected()
            }
            #expect(try await (900_000 - 10_000 * Patience.factor...900_000).contains(Int(fixture.ttl(of: session))))
            #expect(used.lastUsedAt >= session.lastUsedAt)
            #expect(used.absoluteEnd == session.absoluteEnd && used.idleEnd > polled.idleEnd)
        }
    }

    @Test("H89 no activity carries a session beyond its absolute end")
    func absoluteEnd() async throws {
        try await SignInFixture.with(limits: SessionLimits(idle: .seconds(900), lifetime: .seconds(100))) { fixture in
            _ = try await fixture.member()
            let session = try await fixture.enter().session
            for _ in 0..<3 {
                _ = try await fixture.signIn.sessions.touch(session.ticket, isActivity: true)
                #expect(try await (1...100_000).contains(fixture.ttl(of: session)))
            }
            #expect(session.idleEnd == session.absoluteEnd)
        }
    }

    @Test("a session that has ended says by which limit", arguments: [true, false])
    func limits(isIdle: Bool) async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let session = try await fixture.enter().session
            _ = try await fixture.redis.send(RedisCommand("PEXPIRE", fixture.key(of: session), 50))
            // Redis alone ends it: nothing here looks at a clock.
            while try await fixture.ttl(of: session) >= 0 { await Task.yield() }
            let identifier = session.ticket.cookie.prefix { $0 != "." }
            let ticket = isIdle ? session.ticket : try #require(SessionTicket(cookie: "\(identifier).1000"))
            guard case .gone(let end) = try await fixture.signIn.sessions.touch(ticket, isActivity: true) else {
                throw SignInFixture.Unexpected()
            }
            #expect(end == (isIdle ? .idle : .absolute))
        }
    }

    @Test("the reason of whoever ended a session is told, for an hour", arguments: [SessionEnd.logout, .elsewhere, .password, .disabled])
    func reason(reason: SessionEnd) async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let session = try await fixture.enter().session
            _ = try await fixture.redis.send(RedisCommand("DEL", try await Self.notes(fixture)[0]))
            #expect(try await fixture.signIn.sessions.end(session.ticket, reason))
            #expect(try await !fixture.signIn.sessions.end(session.ticket, .replaced))
            #expect(try await fixture.end(of: session) == reason)
            let notes = try await Self.notes(fixture)
            #expect(notes.count == 1)
            let ttl = try await fixture.redis.send(RedisCommand("TTL", notes[0])).int ?? 0
            #expect((3600 - 100 * Patience.factor...3600).contains(Int(ttl)))
        }
    }

    @Test("H88 ASVS 7.2.4 the identifier changes with password and code, and the old ones are dead at once; so do the tokens of forms")
    func rotation() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let first = fixture.signIn.sessions.open()
            guard case .challenged(let second, _) = try await fixture.begin("miami", in: first) else { throw SignInFixture.Unexpected() }
            // What a stranger had stays what it was: nothing.
            guard case .live(let stranger) = try await fixture.look(first) else { throw SignInFixture.Unexpected() }
            #expect(stranger.state == .anonymous)
            // The page of the login is shown to one who awaits a code as well, and leads on from there.
            guard case .challenged(let third, _) = try await again(fixture, second) else { throw SignInFixture.Unexpected() }
            #expect(try await fixture.end(of: second) == .replaced)
            guard case .signedIn(let fourth, _) = try await fixture.signIn.confirm(fixture.lastCode(), in: third, .somewhere) else {
                throw SignInFixture.Unexpected()
            }
            #expect(try await fixture.end(of: third) == .replaced)
            let all = [first, second, third, fourth]
            #expect(Set(all.map(\.ticket)).count == 4)
            #expect(Set(all.map { $0.csrf.reveal() }).count == 4)
            guard case .live(let found) = try await fixture.look(fourth) else { throw SignInFixture.Unexpected() }
            #expect(found.user?.name == "miami" && found.csrf == fourth.csrf)
            try await fixture.signIn.signOut(fourth, .somewhere)
            #expect(try await fixture.end(of: fourth) == .logout)
        }
    }

    @Test("a session that has ended leads to no other: not one that awaited a code, nor one that somebody else has taken over")
    func deadEnd() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let awaiting = try await fixture.awaiting()
            try await fixture.passMinute()
            #expect(try await fixture.signIn.sessions.end(awaiting.ticket, .elsewhere))
            guard case .refused = try await fixture.begin("miami", in: awaiting) else { throw SignInFixture.Unexpected() }
            #expect(try await fixture.redis.send(RedisCommand("KEYS", "{sess}s:*")).array == [])
        }
    }

    @Test("H88 an identifier that somebody made up is no session")
    func madeUp() async throws {
        try await SignInFixture.with { fixture in
            let (sessions, token) = (fixture.signIn.sessions, OpaqueToken())
            let ticket = try #require(SessionTicket(cookie: "\(token.reveal()).99999999999"))
            guard case .gone(.idle) = try await sessions.touch(ticket, isActivity: true) else { throw SignInFixture.Unexpected() }
            #expect(try await fixture.redis.send(RedisCommand("DBSIZE")).int == 0)
        }
    }

    @Test(
        "what is not a cookie of ours costs no question",
        arguments: [
            "", ".", "x.1", "\(String(repeating: "A", count: 43))", "\(String(repeating: "A", count: 43)).",
            "\(String(repeating: "A", count: 43)).1.2", "\(String(repeating: "=", count: 43)).1",
            "\(String(repeating: "A", count: 43)).1234567890123", "\(String(repeating: "A", count: 43)).-1",
            "\(String(repeating: "A", count: 43)).+1", "\(String(repeating: "A", count: 43)).1--",
            "\(String(repeating: "A", count: 43)).1~-",
            "\(String(repeating: "A", count: 43)).-", "\(String(repeating: "A", count: 43)).1\u{600}-",
        ])
    func badCookie(cookie: String) {
        #expect(SessionTicket(cookie: cookie) == nil)
    }

    @Test("a user sees the sessions in which they are signed in, and ends one of them, never another's")
    func list() async throws {
        try await SignInFixture.with { fixture in
            let (user, other) = (try await fixture.member(), try await fixture.member("student"))
            let (one, two) = (try await fixture.enter().session, try await fixture.enter(from: .elsewhere()).session)
            let foreign = try await fixture.enter("student", from: .elsewhere()).session
            _ = try await fixture.awaiting(from: .elsewhere())
            let sessions = fixture.signIn.sessions
            let list = try await sessions.list(of: user.id, current: two.ticket)
            #expect(list.count == 2 && list.filter(\.isCurrent).count == 1)
            #expect(Set(list.map(\.device)) == ["a browser", "another browser"])
            let id = try #require(list.first { !$0.isCurrent }).id
            #expect(try await !fixture.signIn.end(id, by: foreign, .somewhere))
            #expect(try await !fixture.signIn.end("*", by: two, .somewhere))
            #expect(try await fixture.end(of: one) == nil)
            #expect(try await fixture.signIn.end(id, by: two, .somewhere))
            #expect(try await fixture.end(of: one) == .elsewhere)
            #expect(try await sessions.list(of: user.id).map(\.isCurrent) == [false])
            #expect(try await sessions.list(of: other.id).count == 1)
        }
    }

    @Test("sessions that Redis has ended are not listed, and the index does not outlive the last one")
    func index() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let session = try await fixture.enter().session
            let index = RedisArgument("{sess}us:\(user.id)")
            let ttl = try await fixture.redis.send(RedisCommand("PTTL", index)).int ?? 0
            #expect((12 * 3600_000 - 10_000 * Patience.factor...12 * 3600_000).contains(Int(ttl)))
            _ = try await fixture.redis.send(RedisCommand("DEL", fixture.key(of: session)))
            #expect(try await fixture.signIn.sessions.list(of: user.id).isEmpty)
            #expect(try await fixture.redis.send(RedisCommand("EXISTS", index)).int == 0)
        }
    }

    /// Another login in a session that awaits a code.
    private func again(_ fixture: SignInFixture, _ session: Session) async throws -> LoginOutcome {
        try await fixture.passMinute()
        return try await fixture.begin("miami", in: session)
    }

    private static func notes(_ fixture: SignInFixture) async throws -> [RedisArgument] {
        (try await fixture.redis.send(RedisCommand("KEYS", "{sess}gone:*")).array ?? []).map { RedisArgument($0.string ?? "") }
    }
}
