import Accounts
import Cryptography
import Platform
import Postgres
import Redis
import RedisSupport
import TestSupport
import Testing

@Suite("Faults between the steps", .requires(.postgres))
struct FaultTests {
    @Test("a mail that cannot be sent leaves the session as it was, and the next try gets in")
    func unsent() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let session = fixture.signIn.sessions.open()
            fixture.mails.setBroken(true)
            await #expect(throws: Outbox<LoginChallengeID>.Broken.self) { try await fixture.begin("miami", in: session) }
            guard case .live(let found) = try await fixture.look(session) else { throw SignInFixture.Unexpected() }
            #expect(found.state == .anonymous)
            fixture.mails.setBroken(false)
            guard case .challenged(let awaiting, _) = try await fixture.begin("miami", in: session),
                case .signedIn = try await fixture.signIn.confirm(fixture.lastCode(), in: awaiting, .somewhere)
            else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("another code that cannot be sent, here or to a login elsewhere, leaves the one before as it was")
    func unsentAgain() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let session = try await fixture.awaiting()
            let code = try await fixture.lastCode()
            try await fixture.passMinute()
            fixture.mails.setBroken(true)
            await #expect(throws: Outbox<LoginChallengeID>.Broken.self) { try await fixture.signIn.resend(in: session, .somewhere) }
            await #expect(throws: Outbox<LoginChallengeID>.Broken.self) { try await fixture.begin("miami", from: .elsewhere()) }
            #expect(try await fixture.signIn.challenge(of: session)?.id == fixture.mails.items[0])
            guard case .signedIn = try await fixture.signIn.confirm(code, in: session, .somewhere) else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("a code that was ended while another one could not be sent does not come back; nor does a cancelled caller lose it")
    func unsentMeanwhile() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let session = try await fixture.awaiting()
            let code = try await fixture.lastCode()
            try await fixture.passMinute()
            let asking = Counter()
            fixture.mails.setBroken(true) {
                asking.increment()
                try await Task.sleep(for: .seconds(3600))
            }
            let cancelled = Task { try await fixture.signIn.resend(in: session, .somewhere) }
            try await awaitTruth("the mail is asked for") { asking.value == 1 }
            cancelled.cancel()
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            #expect(try await fixture.signIn.challenge(of: session)?.id == fixture.mails.items[0])

            try await fixture.passMinute()
            // As a new password does.
            fixture.mails.setBroken(true) { [pool = fixture.pool] in
                try await pool.execute("UPDATE login_challenges SET voided_at = now() WHERE voided_at IS NULL")
            }
            await #expect(throws: Outbox<LoginChallengeID>.Broken.self) { try await fixture.signIn.resend(in: session, .somewhere) }
            guard case .refused = try await fixture.signIn.confirm(code, in: session, .somewhere) else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("a database that fails after the code was found right uses up neither the code nor the session")
    func unwritten() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let session = try await fixture.awaiting()
            let code = try await fixture.lastCode()
            try await fixture.pool.execute("ALTER TABLE known_devices RENAME TO elsewhere")
            #expect(await accountsCode { _ = try await fixture.signIn.confirm(code, in: session, .somewhere) } == .database)
            #expect(try await fixture.end(of: session) == nil)
            #expect(try await fixture.signIn.sessions.list(of: user.id).isEmpty)
            try await fixture.pool.execute("ALTER TABLE elsewhere RENAME TO known_devices")
            guard case .signedIn = try await fixture.signIn.confirm(code, in: session, .somewhere) else { throw SignInFixture.Unexpected() }
        }
    }

    @Test(
        "H90 a change or reset whose caller is cancelled in the middle ends the sessions that were opened meanwhile",
        arguments: [true, false])
    func cancelled(isReset: Bool) async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let mine = try await fixture.enter().session
            let other = try await fixture.enter(from: .elsewhere()).session
            let otherKey = fixture.key(of: other)
            let fields = try await fixture.redis.send(RedisCommand("HGETALL", otherKey)).array?.compactMap(\.string) ?? []
            _ = try await fixture.resets.request(login: user.email, visitor: .somewhere)
            let link = try #require(try await fixture.resets.mail(for: fixture.resetMails.items[0])).token
            let pending = try await fixture.holding("SELECT FROM users FOR UPDATE") {
                let pending = Task {
                    if isReset {
                        guard case .done = try await fixture.resets.complete(link, password: Secret("a fine new one"), visitor: .somewhere)
                        else { throw SignInFixture.Unexpected() }
                    } else {
                        guard
                            case .changed = try await fixture.signIn.changePassword(
                                from: Secret(SignInFixture.password), to: Secret("a fine new one"), in: mine, .somewhere)
                        else { throw SignInFixture.Unexpected() }
                    }
                }
                try await fixture.awaitWaiter()
                #expect(try await fixture.end(of: other) == .password)
                // As if somebody had signed in at this moment.
                _ = try await fixture.redis.send(RedisCommand("HSET", arguments: [otherKey] + fields.map { RedisArgument($0) }))
                _ = try await fixture.redis.send(RedisCommand("EXPIRE", otherKey, 3600))
                _ = try await fixture.redis.send(
                    RedisCommand("ZADD", RedisArgument("{sess}us:\(user.id)"), 9_999_999_999_999, RedisArgument(digest(of: other))))
                #expect(try await fixture.end(of: other) == nil)
                pending.cancel()
                return pending
            }
            // Whoever was cancelled gets the answer all the same, if there is still somebody to hand it to.
            try await pending.value
            #expect(try await fixture.end(of: other) == .password)
            guard case .challenged = try await fixture.begin("miami", "a fine new one", from: .elsewhere()) else {
                throw SignInFixture.Unexpected()
            }
        }
    }

    @Test("a new session whose answer got lost is asked for again, under the same identifier")
    func lostAnswer() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let session = try await fixture.awaiting()
            let code = try await fixture.lastCode()
            let client = RedisArgument(try await fixture.redis.send(RedisCommand("CLIENT", "ID")).int ?? 0)
            try await RedisClient.with("redis://127.0.0.1:\(fixture.server.port)") { killer in
                _ = try await killer.send(RedisCommand("PING"))
                let pending = try await fixture.holding("SELECT FROM login_challenges FOR UPDATE") {
                    let pending = Task { try await fixture.signIn.confirm(code, in: session, .somewhere) }
                    try await fixture.awaitWaiter()
                    fixture.server.suspend()
                    return pending
                }
                try await awaitTruth("the code is used") {
                    let used = try await fixture.pool.query("SELECT count(used_at) AS n FROM login_challenges")
                    return try used[0].decode("n", as: Int.self) == 1
                }
                // All of it lies before Redis when it goes on: it opens the session, and closes the connection before it answers.
                for (sender, command) in [
                    (fixture.redis, RedisCommand("PING")), (killer, RedisCommand("CLIENT", "KILL", "ID", client)),
                ] {
                    await #expect(throws: RedisError.self) { try await sender.send(command, deadline: .milliseconds(300)) }
                }
                fixture.server.resume()
                guard case .signedIn(let entered, _) = try await pending.value else { throw SignInFixture.Unexpected() }
                #expect(try await fixture.end(of: entered) == nil)
                #expect(try await fixture.end(of: session) == .replaced)
                #expect(try await fixture.signIn.sessions.list(of: user.id).count == 1)
            }
        }
    }

    private func digest(of session: Session) -> String {
        SHA256Hasher.digest(of: Array(session.ticket.cookie.prefix { $0 != "." }.utf8)).description
    }
}
