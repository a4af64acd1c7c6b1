import Accounts
import FoundationEssentials
import Platform
import Postgres
import Redis
import TestSupport
import Testing

@Suite("Password resets", .requires(.postgres))
struct ResetTests {
    private static let newPassword = "quite another battery"

    @Test(
        "H76 a link goes to the stored address, whatever case was typed", arguments: ["miami@example.org", "MIAMI@EXAMPLE.ORG"])
    func mailed(address: String) async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let mail = try #require(try await ask(fixture, address))
            #expect(Array(mail.address.utf8) == Array("miami@example.org".utf8))
            #expect((1790...1800).contains(mail.expiresAt.timeIntervalSinceNow))
        }
    }

    @Test("H76 H80 an address that nobody has, and a look-alike, is accepted in the same way, and nobody gets a mail")
    func unknown() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            for address in ["nobody@example.org", "", "a\0b", String(repeating: "x", count: 300), "ｍiami@example.org"] {
                let mail = try await ask(fixture, address)
                #expect(mail == nil)
            }
            #expect(fixture.resetMails.items.count == 5)
        }
    }

    @Test("H90 a new password ends all sessions and codes, and signs nobody in")
    func completed() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let sessions = [try await fixture.enter().session, try await fixture.awaiting(from: .elsewhere())]
            let link = try #require(try await ask(fixture)).token
            #expect(try await fixture.resets.maskedAddress(of: link) == "m…@example.org")
            guard case .done = try await complete(link, fixture) else { throw SignInFixture.Unexpected() }
            for session in sessions { #expect(try await fixture.end(of: session) == .password) }
            guard case .refused = try await fixture.begin("miami", from: .elsewhere()),
                case .challenged = try await fixture.begin("miami", Self.newPassword, from: .elsewhere())
            else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("H86 a reset makes its browser known and all others unknown, so that guesses from elsewhere do not keep the owner out")
    func knownAfterwards() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let old = try #require(try await fixture.enter().device)
            let link = try #require(try await ask(fixture)).token
            let lane = RedisArgument("{sess}th:user:user:\(user.id)")
            _ = try await fixture.redis.send(RedisCommand("HSET", lane, "n", 50))
            _ = try await fixture.redis.send(RedisCommand("EXPIRE", lane, 3600))
            guard case .done(let device) = try await complete(link, fixture) else { throw SignInFixture.Unexpected() }
            for unknown in [nil, old] {
                guard case .refused = try await fixture.begin("miami", Self.newPassword, from: .elsewhere(device: unknown)) else {
                    throw SignInFixture.Unexpected()
                }
            }
            let entered = try await fixture.begin("miami", Self.newPassword, from: .elsewhere(device: device))
            guard case .challenged = entered else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("a link works once, however many use it at the same time")
    func once() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let link = try #require(try await ask(fixture)).token
            let done = Counter()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask { if case .done? = try? await complete(link, fixture) { done.increment() } }
                }
            }
            #expect(done.value == 1)
            guard case .refused = try await complete(link, fixture) else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("a link that is replaced, expired, made up or for nobody is refused without a hash")
    func refused() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let old = try #require(try await ask(fixture)).token
            let expired = try #require(try await ask(fixture)).token
            try await fixture.pool.execute("UPDATE password_resets SET expires_at = now()")
            let hashes = fixture.hashes.value
            for link in [old, expired, OpaqueToken()] {
                #expect(try await fixture.resets.maskedAddress(of: link) == nil)
                guard case .refused = try await complete(link, fixture) else { throw SignInFixture.Unexpected() }
            }
            #expect(fixture.hashes.value == hashes)
            #expect(try await fixture.resets.mail(for: fixture.resetMails.items[1]) == nil)
        }
    }

    @Test("a password that may not be chosen does not use up the link")
    func unacceptable() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let link = try #require(try await ask(fixture)).token
            guard case .unacceptable(.common) = try await complete(link, fixture, "password1"),
                case .done = try await complete(link, fixture)
            else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("H80 five links an hour for an address in any form, known or not; they do not use up the codes")
    func caps() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            for address in ["miami@example.org", "nobody@example.org"] {
                for number in 0..<7 {
                    let outcome = try await fixture.resets.request(
                        login: number.isMultiple(of: 2) ? address : address.uppercased(), visitor: .elsewhere())
                    if case .throttled = outcome { #expect(number >= 5) } else { #expect(number < 5) }
                }
            }
            #expect(fixture.resetMails.items.count == 10)
            _ = try await fixture.enter(from: .elsewhere())
        }
    }

    @Test("H84 H80 refusals tell the same of a user as of nobody, by whatever names and addresses one asks; the user gets five mails")
    func oracle() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            var told: [[Bool]] = []
            for (name, wide) in [("miami", "ＭＩＡＭＩ"), ("nobody", "ＮＯＢＯＤＹ")] {
                var refusals: [Bool] = []
                for login in Array(repeating: name, count: 6) + [wide, "\(name)@example.org", name.uppercased()] {
                    let outcome = try await fixture.resets.request(login: login, visitor: .elsewhere())
                    if case .throttled = outcome { refusals.append(true) } else { refusals.append(false) }
                }
                told.append(refusals)
            }
            #expect(told[0] == [false, false, false, false, false, true, false, false, true])
            #expect(told[0] == told[1])
            let links = try await fixture.pool.query("SELECT count(*) AS n FROM password_resets WHERE user_id = \(user.id)")
            #expect(try links[0].decode("n", as: Int.self) == 5)
        }
    }

    @Test("H84 the work is the same for a user, for one whose links are spent, and for nobody", arguments: ["miami", "spent", "nobody"])
    func work(login: String) async throws {
        try await SignInFixture.with { fixture in
            _ = (try await fixture.member(), try await fixture.member("spent"))
            for number in 0..<5 {
                let form = String("spent".enumerated().map { $0.offset == number ? Character($0.element.uppercased()) : $0.element })
                _ = try await fixture.resets.request(login: number == 0 ? "spent@example.org" : form, visitor: .elsewhere())
            }
            let before = try await Self.work(fixture)
            guard case .accepted = try await fixture.resets.request(login: login, visitor: .elsewhere()) else {
                throw SignInFixture.Unexpected()
            }
            let after = try await Self.work(fixture)
            #expect(zip(after, before).map { $0 - $1 } == [2, 1, 1, 1])
        }
    }

    @Test("H80 ASVS 6.1.1 requests for names of nobody use up no links, so that a handful of addresses keeps nobody from theirs")
    func othersLinks() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            for number in 0..<10 { #expect(try await ask(fixture, "nobody\(number)") == nil) }
            #expect(try await fixture.taken("all-resets:all") == 0)
            #expect(try await fixture.taken("all-resets:none") == 10)
            try await fixture.fill("all-resets:none", 300)
            #expect(try await ask(fixture) != nil)
            #expect(try await fixture.taken("all-resets:all") == 1)
        }
    }

    @Test("H80 H84 300 links an hour are mailed in all; beyond it the answer is the same, and the link before goes on to count")
    func breaker() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            let link = try #require(try await ask(fixture)).token
            try await fixture.fill("all-resets:all", 300)
            for login in ["miami", "nobody"] { #expect(try await ask(fixture, login) == nil) }
            #expect(try await fixture.resets.maskedAddress(of: link) != nil)
            let reasons = try await fixture.pool.query(
                "SELECT detail->>'reason' AS reason FROM audit_events WHERE user_id = \(user.id) ORDER BY id")
            #expect(try reasons.map { try $0.decode("reason", as: String?.self) } == [nil, "all-resets"])
        }
    }

    /// Scripts run, rows of both tables, jobs asked for.
    private static func work(_ fixture: SignInFixture) async throws -> [Int] {
        let figures = try await fixture.redis.send(RedisCommand("INFO", "commandstats")).string ?? ""
        let scripts = figures.firstMatch(of: #/cmdstat_evalsha:calls=(\d+)/#).flatMap { Int($0.1) } ?? 0
        let rows = try await fixture.pool.query(
            "SELECT (SELECT count(*) FROM password_resets) AS links, (SELECT count(*) FROM audit_events) AS events")
        return [scripts, try rows[0].decode("links"), try rows[0].decode("events"), fixture.resetMails.items.count]
    }

    @Test("another link that cannot be sent leaves the one before as it was")
    func unsent() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let link = try #require(try await ask(fixture)).token
            fixture.resetMails.setBroken(true)
            await #expect(throws: Outbox<PasswordResetID>.Broken.self) { try await ask(fixture) }
            #expect(try await fixture.resets.maskedAddress(of: link) == "m…@example.org")
            fixture.resetMails.setBroken(false)
            let next = try #require(try await ask(fixture)).token
            #expect(try await fixture.resets.maskedAddress(of: link) == nil)
            #expect(try await fixture.resets.maskedAddress(of: next) == "m…@example.org")
        }
    }

    private func ask(_ fixture: SignInFixture, _ address: String = "miami@example.org") async throws -> ResetMail? {
        guard case .accepted = try await fixture.resets.request(login: address, visitor: .elsewhere()),
            let id = fixture.resetMails.items.last
        else { throw SignInFixture.Unexpected() }
        return try await fixture.resets.mail(for: id)
    }
}

private func complete(
    _ link: OpaqueToken, _ fixture: SignInFixture, _ password: String = "quite another battery"
) async throws -> PasswordResets.Completion {
    try await fixture.resets.complete(link, password: Secret(password), visitor: .somewhere)
}
