import Accounts
import Platform
import Postgres
import Redis
import TestSupport
import Testing

@Suite("Registration", .requires(.postgres))
struct RegistrationTests {
    @Test("who has registered can sign in with the very password")
    func registered() async throws {
        try await SignInFixture.with { fixture in
            try await accepted(fixture, form())
            let user = try #require(try await fixture.signIn.users.find(name: "Ange"))
            #expect(user.name == "Ange" && user.fullName == "Ange Martin" && !user.isAdmin && !user.isDisabled)
            guard case .challenged = try await fixture.begin("ange@example.org"), case .refused = try await fixture.begin("Ange", "else")
            else { throw SignInFixture.Unexpected() }
            #expect(try await fixture.signIn.audit.list(of: user.id).map(\.kind).contains(.registered))
        }
    }

    @Test("H76 H39 H84 a name that looks like another's is taken, whoever has the address")
    func taken() async throws {
        try await SignInFixture.with { fixture in
            try await accepted(fixture, form())
            for (twin, email) in [("Ange", "other"), ("ANGE", "other"), ("Ａnge", "ange"), ("ａｎｇｅ", "ange")] {
                guard case .refused([.nameTaken]) = try await register(fixture, form(name: twin, email: "\(email)@example.org")) else {
                    throw SignInFixture.Unexpected()
                }
            }
            #expect(fixture.notices.items.count == 1)
        }
    }

    @Test("ASVS 6.3.8 H84 an address that has an account is answered like a new one; nothing is made, and its owner is told by mail")
    func takenAddress() async throws {
        try await SignInFixture.with { fixture in
            try await accepted(fixture, form())
            let owner = try #require(try await fixture.signIn.users.find(name: "Ange"))
            #expect(try await fixture.registration.mail(for: fixture.notices.items[0]) == nil)
            try await accepted(fixture, form(name: "other", email: "ANGE@example.ORG", password: "a stranger's own"))
            let mail = try #require(try await fixture.registration.mail(for: fixture.notices.items[1]))
            #expect(mail.address == "ange@example.org" && mail.name == "Ange")
            #expect(try await fixture.signIn.audit.list(of: owner.id).map(\.kind) == [.registrationRefused, .registered])
            // Nothing was made: the name is free, and whoever logs in with it is refused as everybody is who has no account.
            #expect(try await fixture.signIn.users.find(name: "other") == nil)
            let hashes = fixture.hashes.value
            for login in ["other", "ange@example.org"] {
                guard case .refused = try await fixture.begin(login, "a stranger's own", from: .elsewhere()) else {
                    throw SignInFixture.Unexpected()
                }
            }
            #expect(fixture.hashes.value == hashes + 2)
            guard case .challenged = try await fixture.begin("Ange", from: .elsewhere()) else { throw SignInFixture.Unexpected() }
            try await accepted(fixture, form(name: "other", email: "other@example.org"))
            #expect(try await fixture.signIn.users.find(name: "other") != nil)
        }
    }

    @Test("H84 ASVS 6.3.8 the work is the same for an address that is new, taken, told of too often, or a disabled user's")
    func work() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member("taken")
            let (spent, disabled) = (try await fixture.member("spent"), try await fixture.member("disabled"))
            try await fixture.fill("notices:user:\(spent.id)", 3)
            #expect(try await fixture.administration.disable(disabled.id) != nil)
            // The first of all brings the script to Redis.
            try await accepted(fixture, form())
            for address in ["new", "taken", "spent", "disabled"] {
                let before = try await Self.work(fixture)
                try await accepted(fixture, form(name: "name-\(address)", email: "\(address)@example.org"))
                let after = try await Self.work(fixture)
                #expect(zip(after, before).map { $0 - $1 } == [1, 2, 1, 1, 1], "\(address)")
                let id = try #require(fixture.notices.items.last)
                let mail = try await fixture.registration.mail(for: id)
                #expect((mail != nil) == (address == "taken"))
            }
        }
    }

    /// Hashes, scripts run, rows of both tables, jobs asked for.
    private static func work(_ fixture: SignInFixture) async throws -> [Int] {
        let figures = try await fixture.redis.send(RedisCommand("INFO", "commandstats")).string ?? ""
        let scripts = figures.firstMatch(of: #/cmdstat_evalsha:calls=(\d+)/#).flatMap { Int($0.1) } ?? 0
        let rows = try await fixture.pool.query(
            "SELECT (SELECT count(*) FROM registration_notices) AS notices, (SELECT count(*) FROM audit_events) AS events")
        return [
            fixture.hashes.value, scripts, try rows[0].decode("notices"), try rows[0].decode("events"), fixture.notices.items.count,
        ]
    }

    @Test("H80 the owner of an address is mailed three times an hour, however often it is tried")
    func mails() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            for number in 0..<5 { try await accepted(fixture, form(name: "n\(number)", email: "miami@example.org")) }
            var mails = 0
            for id in fixture.notices.items where try await fixture.registration.mail(for: id) != nil { mails += 1 }
            #expect(mails == 3 && fixture.notices.items.count == 5)
            try await fixture.pool.execute("UPDATE registration_notices SET expires_at = now()")
            #expect(try await fixture.registration.mail(for: fixture.notices.items[0]) == nil)
        }
    }

    @Test("H95 H84 when the mail cannot be asked for, nothing is made, whoever has the address; the next try is like the first")
    func unsent() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            for address in ["new", "miami"] {
                let form = form(name: "name-\(address)", email: "\(address)@example.org")
                fixture.notices.setBroken(true)
                await #expect(throws: Outbox<RegistrationNoticeID>.Broken.self) { try await register(fixture, form) }
                #expect(try await fixture.signIn.users.find(name: form.name) == nil)
                fixture.notices.setBroken(false)
                try await accepted(fixture, form)
            }
        }
    }

    @Test("H84 an address or a name that somebody takes meanwhile is not taken twice", arguments: [true, false])
    func meanwhile(isAddress: Bool) async throws {
        try await SignInFixture.with { fixture in
            let (name, email) = isAddress ? ("other", "ange@example.org") : ("Ange", "other@example.org")
            fixture.gate.close()
            async let outcome = register(fixture, form())
            while fixture.hashes.value == 0 { await Task.yield() }
            _ = try await fixture.signIn.users.add(name: name, email: email)
            fixture.gate.open()
            switch try await outcome {
            case .accepted: #expect(isAddress)
            case .refused(let problems): #expect(!isAddress && problems == [.nameTaken])
            case .throttled: throw SignInFixture.Unexpected()
            }
            let users = try await fixture.pool.query("SELECT count(*) AS n FROM users")
            #expect(try users[0].decode("n", as: Int.self) == 1)
        }
    }

    @Test("H76 H74 H38 everything that is wrong with a form is told at once, and costs no hash")
    func problems() async throws {
        try await SignInFixture.with { fixture in
            let bad = Registration.Form(name: "a b", email: "ａnge@example.org", fullName: "A\nB", password: Secret("short"))
            guard case .refused([.name, .email, .fullName, .password(.tooShort)]) = try await register(fixture, bad) else {
                throw SignInFixture.Unexpected()
            }
            // Another's address is no name: one signs in with either.
            #expect(form(name: "victim@example.org").problems == [.name])
            #expect(form(password: "Ange-sluice-12").problems == [.password(.personal)])
            #expect(form(fullName: String(repeating: "x", count: 129)).problems == [.fullName])
            #expect(form(fullName: "").problems.isEmpty)
            // What no mail can be sent to.
            for address in ["a@-x.org", "a@x-.org", "a@\(String(repeating: "x", count: 64)).org"] {
                #expect(form(email: address).problems == [.email], "\(address)")
            }
            #expect(fixture.hashes.value == 0)
        }
    }

    @Test("H80 ten registrations an hour from one network, those that ask for names that are taken included")
    func flood() async throws {
        try await SignInFixture.with { fixture in
            var registered = 0
            for number in 0..<20 {
                let form = form(name: "user\(number / 2)", email: "user\(number / 2)@example.org")
                switch try await register(fixture, form, from: Visitor.somewhere.network) {
                case .accepted: registered += 1
                case .refused(let problems): #expect(problems == [.nameTaken] && number < 10)
                case .throttled(let retryAfter): #expect(number >= 10 && retryAfter > .seconds(3600) - .seconds(100).stretched)
                }
            }
            #expect(registered == 5)
        }
    }

    @Test("H80 200 registrations an hour from all networks together, 30 from those of one IPv6 site, and the refusal costs no hash")
    func breakers() async throws {
        try await SignInFixture.with { fixture in
            try await accepted(fixture, form(name: "a", email: "a@example.org"), from: NetworkAddress("2001:db8:1:7::1"))
            for lane in ["all-register:all", "site-register:site:2001:db8:1::/48"] { #expect(try await fixture.taken(lane) == 1) }
            // Nothing is made of a name that is taken, so it costs nobody else a place.
            guard case .refused([.nameTaken]) = try await register(fixture, form(name: "a")) else { throw SignInFixture.Unexpected() }
            #expect(try await fixture.taken("all-register:all") == 1)
            try await fixture.fill("site-register:site:2001:db8:1::/48", 30)
            let hashes = fixture.hashes.value
            guard case .throttled = try await register(fixture, form(), from: NetworkAddress("2001:db8:1:ffff::1")) else {
                throw SignInFixture.Unexpected()
            }
            #expect(fixture.hashes.value == hashes)
            try await accepted(fixture, form(name: "b", email: "b@example.org"), from: NetworkAddress("2001:db8:2:7::1"))
            try await accepted(fixture, form(name: "c", email: "c@example.org"), from: NetworkAddress("192.0.2.1"))
            try await fixture.fill("all-register:all", 200)
            guard case .throttled = try await register(fixture, form()) else { throw SignInFixture.Unexpected() }
            #expect(try await fixture.signIn.users.find(name: "Ange") == nil)
        }
    }

    private func form(
        name: String = "Ange", email: String = "ange@example.org", fullName: String = "Ange Martin",
        password: String = SignInFixture.password
    ) -> Registration.Form {
        Registration.Form(name: name, email: email, fullName: fullName, password: Secret(password))
    }

    private func register(
        _ fixture: SignInFixture, _ form: Registration.Form, from network: NetworkAddress = .random
    ) async throws -> RegistrationOutcome {
        try await fixture.registration.register(form, network: network)
    }

    private func accepted(_ fixture: SignInFixture, _ form: Registration.Form, from network: NetworkAddress = .random) async throws {
        guard case .accepted = try await register(fixture, form, from: network) else { throw SignInFixture.Unexpected() }
    }
}
