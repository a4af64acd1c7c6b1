import Accounts
import FoundationEssentials
import Platform
import Postgres
import Redis
import Synchronization
import TestSupport
import Testing

@Suite("Login: the code", .requires(.postgres))
struct CodeTests {
    @Test("H78 ASVS 6.6.3 of 500 parallel guesses five are evaluated, and then the right code does not help")
    func guesses() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let session = try await fixture.awaiting()
            let right = try await fixture.lastCode()
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    let guess = String(String(1_000_000 + (Int(right) ?? 0) + 1 + number).suffix(6))
                    group.addTask { _ = try? await fixture.signIn.confirm(guess, in: session, .somewhere) }
                }
            }
            #expect(try await fixture.signIn.challenge(of: session)?.triesLeft == 0)
            let rows = try await fixture.pool.query("SELECT tries FROM login_challenges WHERE user_id = \(user.id)")
            #expect(try rows.map { try $0.decode("tries", as: Int.self) } == [5])
            try await refused(right, session, fixture)
            // Nor is it mailed any more.
            #expect(try await fixture.signIn.mail(for: fixture.mails.items[0]) == nil)
        }
    }

    @Test("H78 of parallel guesses, every second of which is right, five at most are evaluated, the one that gets in included")
    func mixedGuesses() async throws {
        try await SignInFixture.with { fixture in
            for round in 0..<5 {
                let user = try await fixture.member("user\(round)")
                let session = try await fixture.awaiting("user\(round)", from: .elsewhere())
                let right = try await fixture.lastCode()
                let wrong = Self.other(than: right)
                // So many that but one is left, since wrong ones that come first are what has to keep the right one out.
                for _ in 0..<round { try await refused(wrong, session, fixture) }
                let entered = Counter()
                await withTaskGroup(of: Void.self) { group in
                    for number in 0..<60 {
                        group.addTask {
                            let code = number.isMultiple(of: 2) ? wrong : right
                            if case .signedIn? = try? await fixture.signIn.confirm(code, in: session, .somewhere) { entered.increment() }
                        }
                    }
                }
                let evaluated = try await Self.refusals(["wrong", "used"], of: user.id, fixture) + entered.value
                #expect(entered.value <= 1 && evaluated <= 5)
                #expect(try await fixture.signIn.sessions.list(of: user.id).count == entered.value)
            }
        }
    }

    @Test("codes that cost no try fill the record with five rows an hour for a session, and no more")
    func record() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let session = try await fixture.awaiting()
            let wrong = Self.other(than: try await fixture.lastCode())
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<100 { group.addTask { _ = try? await fixture.signIn.confirm(wrong, in: session, .somewhere) } }
            }
            for reason in ["wrong", "late"] {
                #expect(try await (1...5).contains(Self.refusals([reason], of: user.id, fixture)))
            }
        }
    }

    @Test("H78 of 50 parallel right codes one gets in")
    func race() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let session = try await fixture.awaiting()
            let code = try await fixture.lastCode()
            let entered = Counter()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        if case .signedIn? = try? await fixture.signIn.confirm(code, in: session, .somewhere) { entered.increment() }
                    }
                }
            }
            #expect(entered.value == 1)
            #expect(try await fixture.signIn.sessions.list(of: user.id).count == 1)
        }
    }

    @Test("H79 ASVS 6.5.1 a used code is refused, in its session and in others")
    func used() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let session = try await fixture.awaiting()
            let code = try await fixture.lastCode()
            guard case .signedIn(let entered, _) = try await fixture.signIn.confirm(code, in: session, .somewhere) else {
                throw SignInFixture.Unexpected()
            }
            for session in [session, entered] { try await refused(code, session, fixture) }
            #expect(try await fixture.signIn.mail(for: fixture.mails.items[0]) == nil)
        }
    }

    @Test("H79 a code that another one has replaced is refused, and the other one counts")
    func superseded() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let session = try await fixture.awaiting()
            let old = try await fixture.lastCode()
            try await fixture.passMinute()
            guard case .sent(let challenge) = try await fixture.signIn.resend(in: session, .somewhere) else {
                throw SignInFixture.Unexpected()
            }
            #expect(fixture.mails.items.count == 2 && fixture.mails.items[1] == challenge.id)
            #expect(try await fixture.signIn.mail(for: fixture.mails.items[0]) == nil)
            let new = try await fixture.lastCode()
            // One in a million pairs is equal.
            if old != new { try await refused(old, session, fixture) }
            guard case .signedIn = try await fixture.signIn.confirm(new, in: session, .somewhere) else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("H79 ASVS 6.6.2 a code of another session of the same user, or of another user, is refused")
    func foreign() async throws {
        try await SignInFixture.with { fixture in
            _ = (try await fixture.member(), try await fixture.member("student"))
            let first = try await fixture.awaiting()
            let other = try await fixture.awaiting("student", from: .elsewhere())
            let code = try await fixture.lastCode()
            try await refused(code, first, fixture)
            let second = try await fixture.awaiting(from: .elsewhere())
            let newest = try await fixture.lastCode()
            for session in [first, other] { try await refused(newest, session, fixture) }
            let replaced = try #require(try await fixture.signIn.challenge(of: first))
            #expect(!replaced.isOpen && replaced.triesLeft == 0 && replaced.delivery == nil && replaced.expiresAt <= Date())
            guard case .signedIn = try await fixture.signIn.confirm(newest, in: second, .somewhere) else {
                throw SignInFixture.Unexpected()
            }
        }
    }

    @Test("H79 H77 ASVS 6.5.5 an expired code is refused and not mailed")
    func expired() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let session = try await fixture.awaiting()
            let code = try await fixture.lastCode()
            let challenge = try #require(try await fixture.signIn.challenge(of: session))
            #expect((295...301).contains(challenge.expiresAt.timeIntervalSince(session.openedAt)))
            try await fixture.pool.execute("UPDATE login_challenges SET expires_at = now()")
            try await refused(code, session, fixture)
            #expect(try await fixture.signIn.mail(for: challenge.id) == nil)
            try await fixture.passMinute()
            guard case .sent = try await fixture.signIn.resend(in: session, .somewhere) else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("H80 a minute between codes, five an hour for a user, however many ask at once")
    func caps() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let session = try await fixture.awaiting()
            guard case .throttled(let retryAfter) = try await fixture.signIn.resend(in: session, .somewhere) else {
                throw SignInFixture.Unexpected()
            }
            #expect(retryAfter > .seconds(60) - .seconds(10).stretched && retryAfter <= .seconds(60))
            for _ in 0..<6 {
                try await fixture.passMinute()
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<10 { group.addTask { _ = try? await fixture.signIn.resend(in: session, .somewhere) } }
                }
            }
            #expect(fixture.mails.items.count == 5)
            guard case .throttled(let long) = try await fixture.begin("miami", from: .elsewhere()) else { throw SignInFixture.Unexpected() }
            #expect(long > .seconds(3600) - .seconds(100).stretched && long <= .seconds(3600))
        }
    }

    @Test("H80 30 mails an hour for a network, whoever they go to; resets count as well, known devices do not")
    func networkCap() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let device = try #require(try await fixture.enter().device)
            for number in 0..<29 {
                guard case .accepted = try await fixture.resets.request(login: "x\(number)@example.org", visitor: .somewhere) else {
                    throw SignInFixture.Unexpected()
                }
            }
            guard case .throttled = try await fixture.begin("miami") else { throw SignInFixture.Unexpected() }
            let owner = Visitor(network: Visitor.somewhere.network, deviceToken: device)
            guard case .challenged = try await fixture.begin("miami", from: owner) else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("H80 60 codes an hour for the known browsers of a network, so that one with many accounts does not use up what all have")
    func knownNetworkCap() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let device = try #require(try await fixture.enter().device)
            try await fixture.fill("known-mails:net:192.0.2.1", 59)
            let owner = Visitor(network: Visitor.somewhere.network, deviceToken: device)
            guard case .challenged = try await fixture.begin("miami", from: owner),
                case .throttled = try await fixture.begin("miami", from: owner),
                case .challenged = try await fixture.begin("miami"),
                case .challenged = try await fixture.begin("miami", from: .elsewhere(device: device))
            else { throw SignInFixture.Unexpected() }
            #expect(try await fixture.taken("all-known-codes:all") == 2)
        }
    }

    @Test("H80 H86 whoever has the password does not use up the codes of the owner's browser, nor the owner's browser those of others")
    func codesOfKnown() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let device = try #require(try await fixture.enter().device)
            for (lane, full, open) in [("codes", nil, device), ("known-codes", device, nil)] as [(String, OpaqueToken?, OpaqueToken?)] {
                try await fixture.fill("\(lane):user:\(user.id)", 5)
                guard case .throttled = try await fixture.begin("miami", from: .elsewhere(device: full)),
                    case .challenged = try await fixture.begin("miami", from: .elsewhere(device: open))
                else { throw SignInFixture.Unexpected() }
                _ = try await fixture.redis.send(RedisCommand("DEL", RedisArgument("{sess}th:\(lane):user:\(user.id)")))
            }
        }
    }

    @Test("H80 H90 a new password makes room for the codes that whoever had the old one used up", arguments: [true, false])
    func codesOfNewPassword(isReset: Bool) async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let entered = try await fixture.enter()
            let new = "quite another battery"
            for lane in ["codes", "known-codes"] { try await fixture.fill("\(lane):user:\(user.id)", 5) }
            if isReset {
                _ = try await fixture.resets.request(login: user.email, visitor: .somewhere)
                let link = try #require(try await fixture.resets.mail(for: fixture.resetMails.items[0])).token
                guard case .done = try await fixture.resets.complete(link, password: Secret(new), visitor: .somewhere) else {
                    throw SignInFixture.Unexpected()
                }
            } else {
                let outcome = try await fixture.signIn.changePassword(
                    from: Secret(SignInFixture.password), to: Secret(new), in: entered.session, .somewhere)
                guard case .changed = outcome else { throw SignInFixture.Unexpected() }
            }
            for lane in ["codes", "known-codes"] { #expect(try await fixture.taken("\(lane):user:\(user.id)") == 0) }
            guard case .challenged = try await fixture.begin("miami", new, from: .elsewhere()) else { throw SignInFixture.Unexpected() }
        }
    }

    @Test(
        "H80 in all 400 codes an hour for unknown browsers and 300 for known ones, and neither use up the share of the other",
        arguments: [("all-codes", 400, false), ("all-known-codes", 300, true)])
    func globalCap(lane: String, limit: Int, isOfKnown: Bool) async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let device = try #require(try await fixture.enter().device)
            let own = Visitor.elsewhere(device: isOfKnown ? device : nil)
            let other = Visitor.elsewhere(device: isOfKnown ? nil : device)
            let key = RedisArgument("{sess}th:\(lane):all")
            _ = try await fixture.redis.send(RedisCommand("HSET", key, "n", RedisArgument(limit - 1)))
            _ = try await fixture.redis.send(RedisCommand("EXPIRE", key, 3600))
            _ = try await fixture.awaiting(from: own)
            #expect(try await fixture.redis.send(RedisCommand("HGET", key, "n")).int == Int64(limit))
            guard case .throttled = try await fixture.begin("miami", from: own),
                case .challenged = try await fixture.begin("miami", from: other)
            else { throw SignInFixture.Unexpected() }
        }
    }

    @Test(
        "H81 ASVS 6.5.4 only six ASCII digits are a code, and nothing else costs a try",
        arguments: [
            "", "12345", "1234567", "12 345", "+12345", "12345a", "٠١٢٣٤٥", "１２３４５６", "123456\0", "0x1234",
            String(repeating: "1", count: 10 << 20),
        ])
    func malformed(text: String) async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let session = try await fixture.awaiting()
            try await refused(text, session, fixture)
            #expect(try await fixture.signIn.challenge(of: session)?.triesLeft == 5)
        }
    }

    @Test("H81 blanks around a code do not matter", arguments: ["  %", "%\r\n", "\t% "])
    func blanks(form: String) async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let session = try await fixture.awaiting()
            let code = form.replacing("%", with: try await fixture.lastCode())
            guard case .signedIn = try await fixture.signIn.confirm(code, in: session, .somewhere) else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("H91 neither a session without a password nor one that is signed in has a code to give")
    func order() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let anonymous = fixture.signIn.sessions.open()
            let entered = try await fixture.enter().session
            for session in [anonymous, entered] {
                try await refused("123456", session, fixture)
                guard case .refused = try await fixture.signIn.resend(in: session, .somewhere) else { throw SignInFixture.Unexpected() }
                #expect(try await fixture.signIn.challenge(of: session) == nil)
            }
            let awaiting = try await fixture.awaiting(from: .elsewhere())
            #expect(awaiting.user == nil)
            guard
                case .refused = try await fixture.signIn.changePassword(
                    from: Secret(SignInFixture.password), to: Secret("a fine new one"), in: awaiting, .somewhere)
            else { throw SignInFixture.Unexpected() }
            // Who is signed in does not sign in again over it.
            guard case .refused = try await fixture.begin("miami", in: entered, from: .elsewhere()) else {
                throw SignInFixture.Unexpected()
            }
            #expect(try await fixture.end(of: entered) == nil)
        }
    }

    /// A code that is not right.
    private static func other(than code: String) -> String { code == "000000" ? "000001" : "000000" }

    /// How many codes of a user were refused for these reasons, as the record says.
    private static func refusals(_ reasons: [String], of user: UserID, _ fixture: SignInFixture) async throws -> Int {
        try await fixture.pool.query(
            """
            SELECT count(*) AS n FROM audit_events
            WHERE kind = 'code-refused' AND user_id = \(user) AND detail->>'reason' = ANY(\(reasons)::text[])
            """)[0].decode("n")
    }

    private func refused(_ code: String, _ session: Session, _ fixture: SignInFixture) async throws {
        guard case .refused = try await fixture.signIn.confirm(code, in: session, .somewhere) else {
            Issue.record("the code got in")
            return
        }
    }
}
