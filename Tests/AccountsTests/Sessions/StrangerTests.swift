import Accounts
import FoundationEssentials
import Platform
import RedisSupport
import TestSupport
import Testing

@Suite("Sessions of strangers", .requires(.postgres))
struct StrangerTests {
    @Test("H80 a stranger costs Redis nothing: neither opening a session, nor looking at it, nor ending it")
    func nothing() async throws {
        try await SignInFixture.with { fixture in
            let sessions = fixture.signIn.sessions
            for _ in 0..<1000 {
                let session = sessions.open()
                #expect(session.state == .anonymous && session.user == nil)
                guard case .live(let found) = try await sessions.touch(session.ticket, isActivity: true) else {
                    throw SignInFixture.Unexpected()
                }
                #expect(found.state == .anonymous && found.ticket == session.ticket && found.csrf == session.csrf)
                #expect(found.absoluteEnd == session.absoluteEnd)
                try await fixture.signIn.signOut(session, .somewhere)
                #expect(try await !sessions.end(session.ticket, .logout))
            }
            #expect(try await fixture.server.commandCount() == 0)
        }
    }

    @Test("a stranger's session lasts for a lifetime, and an end that none of ours has is none")
    func end() async throws {
        try await SignInFixture.with { fixture in
            let session = fixture.signIn.sessions.open()
            let rest = session.absoluteEnd.timeIntervalSinceNow
            #expect((12 * 3600 - 5 * Patience.factor...12 * 3600).contains(Int(rest)) && session.idleEnd == session.absoluteEnd)
            // The last one as another process has it whose clock is a little ahead.
            for seconds in [2, 12 * 3600 - 1, 12 * 3600 + 30] {
                let isLive = try await Self.isLive(session, in: seconds, fixture)
                #expect(isLive, "\(seconds)")
            }
            for seconds in [-1, 0, 12 * 3600 + 120, 13 * 3600, 400_000_000] {
                let isLive = try await Self.isLive(session, in: seconds, fixture)
                #expect(!isLive, "\(seconds)")
            }
        }
    }

    @Test("H92 the token of a stranger's forms belongs to identifier and end, and is neither another stranger's nor a member's")
    func tokens() async throws {
        try await SignInFixture.with { fixture in
            let (session, other) = (fixture.signIn.sessions.open(), fixture.signIn.sessions.open())
            #expect(session.csrf != other.csrf && session.csrf.reveal().utf8.count == 43)
            let later = try #require(Self.ticket(session, in: 3600))
            guard case .live(let tampered) = try await fixture.signIn.sessions.touch(later, isActivity: true) else {
                throw SignInFixture.Unexpected()
            }
            #expect(tampered.csrf != session.csrf)
            _ = try await fixture.member()
            let member = try await fixture.enter().session
            let posing = try #require(SessionTicket(cookie: member.ticket.cookie + "-"))
            guard case .live(let stranger) = try await fixture.signIn.sessions.touch(posing, isActivity: true) else {
                throw SignInFixture.Unexpected()
            }
            #expect(stranger.user == nil && stranger.csrf != member.csrf)
            // Nor does it end the session whose identifier it has.
            #expect(try await !fixture.signIn.sessions.end(posing, .logout))
            #expect(try await fixture.end(of: member) == nil)
        }
    }

    @Test("H92 the token is another one under another key")
    func key() async throws {
        try await SignInFixture.with { fixture in
            let session = fixture.signIn.sessions.open()
            let key = try #require(SignInKey(Secret(String(repeating: "x", count: 32))))
            let others = SessionStore(client: fixture.redis, limits: SessionLimits(), key: key)
            guard case .live(let found) = try await others.touch(session.ticket, isActivity: true) else { throw SignInFixture.Unexpected() }
            #expect(found.csrf != session.csrf)
        }
    }

    @Test("a cookie without the stranger's mark is asked about, and one that is gone says why")
    func withoutMark() async throws {
        try await SignInFixture.with { fixture in
            let ticket = try #require(SessionTicket(cookie: fixture.signIn.sessions.open().ticket.cookie.dropLast()))
            #expect(ticket.isMember)
            guard case .gone(.idle) = try await fixture.signIn.sessions.touch(ticket, isActivity: true) else {
                throw SignInFixture.Unexpected()
            }
        }
    }

    private static func isLive(_ session: Session, in seconds: Int, _ fixture: SignInFixture) async throws -> Bool {
        guard let ticket = ticket(session, in: seconds) else { return false }
        if case .live = try await fixture.signIn.sessions.touch(ticket, isActivity: true) { return true }
        return false
    }

    /// The same with another end.
    private static func ticket(_ session: Session, in seconds: Int) -> SessionTicket? {
        let end = Int64(Date().timeIntervalSince1970) + Int64(seconds)
        return SessionTicket(cookie: "\(session.ticket.cookie.prefix { $0 != "." }).\(end)-")
    }
}
