import Accounts
import FoundationEssentials
import Platform
import Redis
import TestSupport
import Testing

@Suite("Sessions", .requires(.postgres))
struct SessionTests {
    @Test("a new session is nobody's, and Redis ends it after the idle limit")
    func open() async throws {
        try await SignInFixture.with { fixture in
            let session = try await fixture.signIn.sessions.open(for: .somewhere)
            #expect(session.state == .anonymous && session.user == nil)
            #expect(try await (890_000...900_000).contains(fixture.ttl(of: session)))
            #expect(abs(session.absoluteEnd.timeIntervalSince(session.openedAt) - 12 * 3600) < 0.01)
            guard case .live(let found) = try await fixture.look(session) else { throw SignInFixture.Unexpected() }
            #expect(found.state == .anonymous && found.csrf == session.csrf && found.ticket == session.ticket)
            #expect(found.device == "a browser" && found.network == "192.0.2.1" && found.openedAt == session.openedAt)
        }
    }

    @Test("H80 a network opens 600 sessions in ten minutes, however many ask at once; those that are open go on")
    func flood() async throws {
        try await SignInFixture.with { fixture in
            let (sessions, first) = (fixture.signIn.sessions, try await fixture.signIn.sessions.open(for: .somewhere))
            let refused = Counter()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<700 {
                    group.addTask {
                        let code = await accountsCode { _ = try await sessions.open(for: .somewhere) }
                        if code == .throttled { refused.increment() }
                    }
                }
            }
            #expect(refused.value == 101)
            let keys = try await fixture.redis.send(RedisCommand("KEYS", "{sess}s:*")).array ?? []
            #expect(keys.count == 600)
            #expect(try await fixture.end(of: first) == nil)
            _ = try await sessions.open(for: .elsewhere())
        }
    }

    @Test("H89 polling does not renew the idle limit, what a person does renews it, and the absolute end stays")
    func activity() async throws {
        try await SignInFixture.with { fixture in
            let (sessions, session) = (fixture.signIn.sessions, try await fixture.signIn.sessions.open(for: .somewhere))
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
            #expect(try await (890_000...900_000).contains(fixture.ttl(of: session)))
            #expect(used.lastUsedAt >= session.lastUsedAt)
            #expect(used.absoluteEnd == session.absoluteEnd && used.idleEnd > polled.idleEnd)
        }
    }

    @Test("H89 no activity carries a session beyond its absolute end")
    func absoluteEnd() async throws {
        try await SignInFixture.with(limits: SessionLimits(idle: .seconds(900), lifetime: .seconds(100))) { fixture in
            let session = try await fixture.signIn.sessions.open(for: .somewhere)
            for _ in 0..<3 {
                _ = try await fixture.signIn.sessions.touch(session.ticket, isActivity: true)
                #expect(try await (1...100_000).contains(fixture.ttl(of: session)))
            }
            #expect(session.idleEnd == session.absoluteEnd)
        }
    }

    @Test("a session that has ended says by which limit", arguments: [true, false])
    func limits(isIdle: Bool) async throws {
        let (short, long) = (Duration.milliseconds(50), Duration.seconds(3600))
        let limits = SessionLimits(idle: isIdle ? short : long, lifetime: isIdle ? long : short)
        try await SignInFixture.with(limits: limits) { fixture in
            let session = try await fixture.signIn.sessions.open(for: .somewhere)
            // Redis alone ends it: nothing here looks at a clock.
            while try await fixture.ttl(of: session) > 0 { await Task.yield() }
            #expect(try await fixture.end(of: session) == (isIdle ? .idle : .absolute))
        }
    }

    @Test("the reason of whoever ended a session is told, for an hour", arguments: [SessionEnd.logout, .elsewhere, .password, .disabled])
    func reason(reason: SessionEnd) async throws {
        try await SignInFixture.with { fixture in
            let session = try await fixture.signIn.sessions.open(for: .somewhere)
            #expect(try await fixture.signIn.sessions.end(session.ticket, reason))
            #expect(try await !fixture.signIn.sessions.end(session.ticket, .replaced))
            #expect(try await fixture.end(of: session) == reason)
            let keys = try await fixture.redis.send(RedisCommand("KEYS", "{sess}gone:*")).array ?? []
            #expect(keys.count == 1)
            let ttl = try await fixture.redis.send(RedisCommand("TTL", RedisArgument(keys[0].string ?? ""))).int ?? 0
            #expect((3500...3600).contains(ttl))
        }
    }

    @Test("H88 the identifier changes with the password and with the code, and the old ones are dead at once")
    func rotation() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let first = try await fixture.signIn.sessions.open(for: .somewhere)
            guard case .challenged(let second, _) = try await fixture.begin("miami", in: first) else { throw SignInFixture.Unexpected() }
            #expect(try await fixture.end(of: first) == .replaced)
            guard case .signedIn(let third, _) = try await fixture.signIn.confirm(fixture.lastCode(), in: second, .somewhere) else {
                throw SignInFixture.Unexpected()
            }
            #expect(try await fixture.end(of: second) == .replaced)
            #expect(Set([first, second, third].map(\.ticket)).count == 3)
            #expect(Set([first, second, third].map { $0.csrf.reveal() }).count == 3)
            guard case .live(let found) = try await fixture.look(third) else { throw SignInFixture.Unexpected() }
            #expect(found.user?.name == "miami")
            try await fixture.signIn.signOut(third, .somewhere)
            #expect(try await fixture.end(of: third) == .logout)
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
            "\(String(repeating: "A", count: 43)).1234567890123",
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
            #expect((12 * 3600_000 - 10_000...12 * 3600_000).contains(ttl))
            _ = try await fixture.redis.send(RedisCommand("DEL", fixture.key(of: session)))
            #expect(try await fixture.signIn.sessions.list(of: user.id).isEmpty)
            #expect(try await fixture.redis.send(RedisCommand("EXISTS", index)).int == 0)
        }
    }
}
