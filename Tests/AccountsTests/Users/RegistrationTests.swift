import Accounts
import Platform
import TestSupport
import Testing

@Suite("Registration", .requires(.postgres))
struct RegistrationTests {
    @Test("who has registered can sign in with the very password")
    func registered() async throws {
        try await SignInFixture.with { fixture in
            guard case .registered(let user) = try await register(fixture, form()) else { throw SignInFixture.Unexpected() }
            #expect(user.name == "Ange" && user.fullName == "Ange Martin" && !user.isAdmin && !user.isDisabled)
            guard case .challenged = try await fixture.begin("ange@example.org"), case .refused = try await fixture.begin("Ange", "else")
            else { throw SignInFixture.Unexpected() }
            #expect(try await fixture.signIn.audit.list(of: user.id).map(\.kind).contains(.registered))
        }
    }

    @Test("H76 H39 a name or address that looks like another's is taken")
    func taken() async throws {
        try await SignInFixture.with { fixture in
            _ = try await register(fixture, form())
            for twin in ["Ange", "ANGE", "Ａnge", "ａｎｇｅ"] {
                guard case .refused([.nameTaken]) = try await register(fixture, form(name: twin, email: "other@example.org")) else {
                    throw SignInFixture.Unexpected()
                }
            }
            guard case .refused([.emailTaken]) = try await register(fixture, form(name: "other", email: "ANGE@example.ORG")) else {
                throw SignInFixture.Unexpected()
            }
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
                case .registered: registered += 1
                case .refused(let problems): #expect(problems == [.nameTaken] && number < 10)
                case .throttled(let retryAfter): #expect(number >= 10 && retryAfter > .seconds(3500))
                }
            }
            #expect(registered == 5)
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
        try await Registration(pool: fixture.pool, redis: fixture.redis, hasher: fixture.hasher).register(form, network: network)
    }
}
