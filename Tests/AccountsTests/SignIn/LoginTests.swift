import Accounts
import FoundationEssentials
import Platform
import Postgres
import Redis
import TestSupport
import Testing

@Suite("Login: user, password, captcha", .requires(.postgres))
struct LoginTests {
    @Test("the right password has a code sent, to name and address alike", arguments: ["miami", "MIAMI", "miami@example.org", "ｍiami"])
    func challenged(login: String) async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            guard case .challenged(let session, let challenge) = try await fixture.begin(login) else { throw SignInFixture.Unexpected() }
            #expect(session.user == nil)
            #expect(challenge.maskedAddress == "m…@example.org" && challenge.triesLeft == 5)
            #expect(fixture.mails.items == [challenge.id])
            #expect(try await fixture.signIn.mail(for: challenge.id)?.address == "miami@example.org")
            // Half a day is for those who are in.
            #expect(session.absoluteEnd <= session.openedAt.addingTimeInterval(3600))
        }
    }

    @Test(
        "H84 unknown user, wrong password, locked, disabled, no password: one answer, after one hash each",
        arguments: ["unknown", "wrong", "locked", "disabled", "none", "empty"])
    func equalWork(state: String) async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            _ = try await fixture.signIn.users.add(name: "machine", email: "machine@example.org")
            if state == "locked" { for _ in 0..<10 { _ = try await fixture.begin("miami", "wrong password") } }
            if state == "disabled" { #expect(try await fixture.administration.disable(user.id) != nil) }
            let login = ["unknown": "nobody", "none": "machine", "empty": ""][state] ?? "miami"
            let (hashes, events) = (fixture.hashes.value, try await Self.refusals(fixture))
            let outcome = try await fixture.begin(login, state == "wrong" ? "wrong password" : SignInFixture.password)
            guard case .refused = outcome else { throw SignInFixture.Unexpected() }
            #expect(fixture.hashes.value == hashes + 1)
            #expect(try await Self.refusals(fixture) == events + 1)
            #expect(fixture.mails.items.isEmpty)
        }
    }

    @Test("H85 a password of 1 MB is refused before it is hashed, in login, change and registration")
    func hugePassword() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let session = try await fixture.enter().session
            let (huge, hashes) = (String(repeating: "x", count: 1 << 20), fixture.hashes.value)
            guard case .refused = try await fixture.begin("miami", huge) else { throw SignInFixture.Unexpected() }
            guard
                case .refused = try await fixture.signIn.changePassword(
                    from: Secret(huge), to: Secret("a fine new one"), in: session, .somewhere),
                case .unacceptable(.tooLong) = try await fixture.signIn.changePassword(
                    from: Secret(SignInFixture.password), to: Secret(huge), in: session, .somewhere)
            else { throw SignInFixture.Unexpected() }
            let form = Registration.Form(name: "other", email: "other@example.org", fullName: "", password: Secret(huge))
            #expect(form.problems == [.password(.tooLong)])
            #expect(fixture.hashes.value == hashes)
        }
    }

    @Test("H86 90 parallel wrong logins from one network: ten are looked at, and the owner gets in on a known device")
    func knownDevice() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let home = try await fixture.enter()
            let device = try #require(home.device)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<90 { group.addTask { _ = try? await fixture.begin("miami", "wrong password") } }
            }
            let lane: RedisArgument = "{sess}th:login:user:\(user.id):192.0.2.1"
            #expect(try await fixture.redis.send(RedisCommand("HGET", lane, "n")).int == 10)
            // Fewer where the machine was so busy that Postgres did not answer in time.
            let looked = try await fixture.pool.query(
                "SELECT count(*) AS n FROM audit_events WHERE user_id = \(user.id) AND detail->>'reason' = 'credentials'")
            #expect(try (1...10).contains(looked[0].decode("n", as: Int.self)))
            // The right password does not help a stranger now, nor does it show that it was right.
            guard case .refused = try await fixture.begin("miami") else { throw SignInFixture.Unexpected() }
            let owner = Visitor(network: Visitor.somewhere.network, deviceToken: device)
            guard case .challenged = try await fixture.begin("miami", from: owner) else { throw SignInFixture.Unexpected() }
            // Elsewhere an unknown browser is let try as well.
            guard case .challenged = try await fixture.begin("miami", from: .elsewhere()) else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("H86 a known device has a lane of its own, which wrong passwords fill too")
    func deviceLane() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let device = try #require(try await fixture.enter().device)
            let owner = Visitor(network: .random, deviceToken: device)
            for _ in 0..<10 { _ = try await fixture.begin("miami", "wrong password", from: owner) }
            guard case .refused = try await fixture.begin("miami", from: owner) else { throw SignInFixture.Unexpected() }
            // A cookie that somebody made up is no known device.
            let liar = Visitor(network: owner.network, deviceToken: OpaqueToken())
            guard case .challenged = try await fixture.begin("miami", from: liar) else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("the right password ends the suspicion that wrong ones have raised")
    func forgiven() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            for _ in 0..<2 {
                for _ in 0..<9 { _ = try await fixture.begin("miami", "wrong password") }
                guard case .challenged = try await fixture.begin("miami") else { throw SignInFixture.Unexpected() }
            }
        }
    }

    @Test("one network gets 100 tries, whoever they are for")
    func network() async throws {
        try await SignInFixture.with { fixture in
            for number in 0..<100 {
                guard case .refused = try await fixture.begin("user\(number)") else { throw SignInFixture.Unexpected() }
            }
            let hashes = fixture.hashes.value
            guard case .throttled(let retryAfter) = try await fixture.begin("one more") else { throw SignInFixture.Unexpected() }
            #expect(retryAfter > .seconds(900) - .seconds(100).stretched && retryAfter <= .seconds(900))
            #expect(fixture.hashes.value == hashes)
        }
    }

    @Test(
        "H84 H86 what a full lane of an account refuses counts for the network as well, and so tells no names",
        arguments: ["{sess}th:login:user:%:192.0.2.1", "{sess}th:user:user:%"])
    func countedAnyway(lane: String) async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let lane = RedisArgument(lane.replacing("%", with: user.id.description))
            _ = try await fixture.redis.send(RedisCommand("HSET", lane, "n", 50, "until", 9_999_999_999_999))
            _ = try await fixture.redis.send(RedisCommand("EXPIRE", lane, 3600))
            for login in ["miami", "nobody"] {
                let before = try await Self.counted(fixture)
                for _ in 0..<5 {
                    guard case .refused = try await fixture.begin(login, "wrong password") else { throw SignInFixture.Unexpected() }
                }
                #expect(try await Self.counted(fixture) == before + 5)
            }
        }
    }

    @Test("a wrong captcha stops everything else, and counts against nobody")
    func unsolved() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let hashes = fixture.hashes.value
            let session = fixture.signIn.sessions.open()
            let captcha = fixture.signIn.captchas.make(for: session)
            let attempt = LoginAttempt(login: "miami", password: Secret(SignInFixture.password), captcha: captcha, answer: "00000")
            guard case .unsolved = try await fixture.signIn.begin(attempt, in: session, .somewhere) else {
                throw SignInFixture.Unexpected()
            }
            #expect(fixture.hashes.value == hashes)
            #expect(try await fixture.redis.send(RedisCommand("KEYS", "*th:*login*")).array == [])
        }
    }

    @Test(
        "H90 who gave the old password is not let in when it is changed, or the user disabled, while it is being checked",
        arguments: [true, false])
    func changedMeanwhile(isDisabled: Bool) async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let other = try await fixture.hasher.hash(Secret("quite another battery"))
            let (session, hashes) = (fixture.signIn.sessions.open(), fixture.hashes.value)
            fixture.gate.close()
            async let outcome = fixture.begin("miami", in: session)
            while fixture.hashes.value == hashes { await Task.yield() }
            if isDisabled {
                #expect(try await fixture.administration.disable(user.id) != nil)
            } else {
                try await fixture.pool.execute("UPDATE users SET password = \(other.text), password_changed_at = now()")
            }
            fixture.gate.open()
            guard case .refused = try await outcome else { throw SignInFixture.Unexpected() }
            #expect(fixture.mails.items.isEmpty)
            guard case .live(let found) = try await fixture.look(session) else { throw SignInFixture.Unexpected() }
            #expect(found.state == .anonymous)
            #expect(try await fixture.redis.send(RedisCommand("KEYS", "{sess}s:*")).array == [])
        }
    }

    @Test("H90 the code of a user who was disabled lets nobody in, nor does it when the user is enabled again")
    func disabledMeanwhile() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let session = try await fixture.awaiting()
            let code = try await fixture.lastCode()
            try await fixture.passMinute()
            #expect(try await fixture.administration.disable(user.id) != nil)
            guard case .refused = try await fixture.signIn.confirm(code, in: session, .somewhere),
                case .refused = try await fixture.signIn.resend(in: session, .somewhere)
            else { throw SignInFixture.Unexpected() }
            #expect(try await fixture.end(of: session) == .disabled)
            #expect(try await fixture.administration.enable(user.id))
            guard case .refused = try await fixture.signIn.confirm(code, in: session, .somewhere) else { throw SignInFixture.Unexpected() }
            _ = try await fixture.enter(from: .elsewhere())
        }
    }

    /// What counts for the usual network.
    private static func counted(_ fixture: SignInFixture) async throws -> Int64 {
        try await fixture.redis.send(RedisCommand("HGET", "{sess}th:logins:net:192.0.2.1", "n")).int ?? 0
    }

    private static func refusals(_ fixture: SignInFixture) async throws -> Int {
        try await fixture.pool.query("SELECT count(*) AS n FROM audit_events WHERE kind = 'login-refused'")[0].decode("n")
    }
}
