import Accounts
import FoundationEssentials
import Platform
import Postgres
import TestSupport
import Testing

@Suite("Ending sessions", .requires(.postgres))
struct EndingTests {
    private static let newPassword = "quite another battery"

    @Test("H90 ending all others ends them at once, also those that wait for a code, and spares the one that asks")
    func others() async throws {
        try await SignInFixture.with { fixture in
            _ = (try await fixture.member(), try await fixture.member("student"))
            let mine = try await fixture.enter().session
            let others = [try await fixture.enter(from: .elsewhere()).session, try await fixture.awaiting(from: .elsewhere())]
            let foreign = try await fixture.enter("student", from: .elsewhere()).session
            #expect(try await fixture.signIn.endOthers(than: mine, .somewhere) == 2)
            for session in others { #expect(try await fixture.end(of: session) == .elsewhere) }
            for session in [mine, foreign] { #expect(try await fixture.end(of: session) == nil) }
        }
    }

    @Test("H90 H88 a changed password ends all other sessions and codes, and gives this session a new identifier")
    func changed() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let mine = try await fixture.enter().session
            let other = try await fixture.enter(from: .elsewhere()).session
            let awaiting = try await fixture.awaiting(from: .elsewhere())
            let code = try await fixture.lastCode()
            guard case .changed(let next) = try await change(mine, fixture) else { throw SignInFixture.Unexpected() }
            try await fixture.passMinute()
            for session in [other, awaiting] { #expect(try await fixture.end(of: session) == .password) }
            #expect(try await fixture.end(of: mine) == .replaced)
            guard case .live(let found) = try await fixture.look(next) else { throw SignInFixture.Unexpected() }
            #expect(found.user?.name == "miami" && found.absoluteEnd == mine.absoluteEnd)
            guard case .refused = try await fixture.signIn.confirm(code, in: awaiting, .somewhere),
                case .refused = try await fixture.signIn.resend(in: awaiting, .somewhere),
                case .refused = try await fixture.begin("miami", from: .elsewhere()),
                case .challenged = try await fixture.begin("miami", Self.newPassword, from: .elsewhere())
            else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("H90 a session that has ended changes nothing, and ends nobody")
    func afterTheEnd() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let (ended, mine) = (try await fixture.enter().session, try await fixture.enter(from: .elsewhere()).session)
            #expect(try await fixture.signIn.endOthers(than: mine, .elsewhere()) == 1)
            guard case .refused = try await change(ended, fixture) else { throw SignInFixture.Unexpected() }
            #expect(try await fixture.signIn.endOthers(than: ended, .somewhere) == 0)
            #expect(try await fixture.end(of: mine) == nil)
            guard case .challenged = try await fixture.begin("miami", from: .elsewhere()) else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("of two changes at once one is made, and the other one is told so", arguments: [true, false])
    func overtaken(isSameSession: Bool) async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let one = try await fixture.enter().session
            let two = isSameSession ? one : try await fixture.enter(from: .elsewhere()).session
            let hashes = fixture.hashes.value
            fixture.gate.close()
            async let first = change(one, fixture)
            async let second = change(two, fixture, to: "a third battery of them")
            // Both have read which password is to be replaced.
            while fixture.hashes.value < hashes + 2 { await Task.yield() }
            fixture.gate.open()
            var (changed, overtaken): ([Session], Int) = ([], 0)
            for outcome in [try await first, try await second] {
                switch outcome {
                case .changed(let session): changed.append(session)
                case .overtaken: overtaken += 1
                default: throw SignInFixture.Unexpected()
                }
            }
            #expect(overtaken == 1 && changed.count == 1)
            for session in changed { #expect(try await fixture.end(of: session) == nil) }
        }
    }

    @Test("a change whose session has ended meanwhile says that the password is changed")
    func changedAfterEnd() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let session = try await fixture.enter().session
            let pending = try await fixture.holding("SELECT FROM users FOR UPDATE") {
                let pending = Task { try await change(session, fixture) }
                try await fixture.awaitWaiter()
                #expect(try await fixture.signIn.sessions.end(session.ticket, .elsewhere))
                return pending
            }
            guard case .changedAfterEnd = try await pending.value,
                case .challenged = try await fixture.begin("miami", Self.newPassword, from: .elsewhere())
            else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("ASVS 6.2.3 7.5.1 a password is changed only with the old one, to one that may be chosen; guesses have a limit")
    func notChanged() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let session = try await fixture.enter().session
            for (new, problem) in [("short", PasswordProblem.tooShort), ("password1", .common), ("miami-sluice-123", .personal)] {
                guard case .unacceptable(problem) = try await change(session, fixture, to: new) else { throw SignInFixture.Unexpected() }
            }
            for _ in 0..<10 {
                guard case .refused = try await change(session, fixture, from: "wrong password") else { throw SignInFixture.Unexpected() }
            }
            guard case .throttled = try await change(session, fixture) else { throw SignInFixture.Unexpected() }
            guard case .challenged = try await fixture.begin("miami", from: .elsewhere()) else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("H90 ASVS 7.4.2 a disabled user is out everywhere at once: sessions, codes, links, API tokens")
    func disabled() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let sessions = [try await fixture.enter().session, try await fixture.enter(from: .elsewhere()).session]
            let tokens = TokenStore(pool: fixture.pool, cacheLifetime: .zero)
            let token = try await tokens.add(user: user.id, name: "laptop").reveal()
            #expect(try await tokens.authenticate(token) != nil)
            _ = try await fixture.resets.request(login: user.email, visitor: .somewhere)
            let link = try #require(try await fixture.resets.mail(for: fixture.resetMails.items[0])).token
            #expect(try await fixture.administration.disable(user.id) == .locked(sessions: 2))
            for session in sessions { #expect(try await fixture.end(of: session) == .disabled) }
            #expect(try await tokens.authenticate(token) == nil)
            #expect(try await fixture.resets.maskedAddress(of: link) == nil)
            #expect(try await fixture.resets.mail(for: fixture.resetMails.items[0]) == nil)
            #expect(try await fixture.signIn.users.find(user.id)?.isDisabled == true)
            #expect(try await fixture.administration.enable(user.id))
            #expect(try await tokens.authenticate(token) != nil)
            for session in sessions { #expect(try await fixture.end(of: session) == .disabled) }
            #expect(try await fixture.administration.disable(UserID(rawValue: -1)) == nil)
        }
    }

    @Test("H90 ASVS 7.4.5 the operator ends all sessions of a user, also those that wait for a code, and nothing else of his")
    func byOperator() async throws {
        try await SignInFixture.with { fixture in
            let (user, other) = (try await fixture.member(), try await fixture.member("student"))
            let sessions = [try await fixture.enter().session, try await fixture.awaiting(from: .elsewhere())]
            let foreign = try await fixture.enter(other.name, from: .elsewhere()).session
            let tokens = TokenStore(pool: fixture.pool, cacheLifetime: .zero)
            let token = try await tokens.add(user: user.id, name: "laptop").reveal()
            #expect(try await fixture.administration.endSessions(of: user.id) == 2)
            for session in sessions { #expect(try await fixture.end(of: session) == .byOperator) }
            #expect(try await fixture.end(of: foreign) == nil)
            #expect(try await tokens.authenticate(token) != nil)
            try await fixture.passMinute()
            _ = try await fixture.enter()
            let event = try #require(try await fixture.signIn.audit.list(of: user.id).first { $0.kind == .sessionsEnded })
            #expect(event.network == "operator" && event.detail == "count=2")
        }
    }

    @Test("all that happens to an account is on record, and the record is not changed")
    func audit() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let session = try await fixture.enter().session
            _ = try await fixture.begin("miami", "wrong password")
            guard case .changed(let next) = try await change(session, fixture) else { throw SignInFixture.Unexpected() }
            try await fixture.signIn.signOut(next, .somewhere)
            #expect(try await fixture.administration.disable(user.id) != nil)
            let events = try await fixture.signIn.audit.list(of: user.id)
            #expect(events.reversed().map(\.kind) == [.codeSent, .signedIn, .loginRefused, .passwordChanged, .signedOut, .disabled])
            #expect(events.reversed().map(\.network) == Array(repeating: "192.0.2.1", count: 5) + ["operator"])
            for change: SQL in ["UPDATE audit_events SET network = ''", "TRUNCATE audit_events"] {
                await #expect(throws: PostgresError.self) { try await fixture.pool.execute(change) }
            }
        }
    }

    private func change(
        _ session: Session, _ fixture: SignInFixture, from old: String = SignInFixture.password, to new: String = newPassword
    ) async throws -> PasswordChangeOutcome {
        try await fixture.signIn.changePassword(from: Secret(old), to: Secret(new), in: session, .somewhere)
    }
}
