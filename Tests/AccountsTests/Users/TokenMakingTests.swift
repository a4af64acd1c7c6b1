import Accounts
import FoundationEssentials
import Platform
import Postgres
import RedisSupport
import TestSupport
import Testing

@Suite("Making and revoking tokens", .requires(.postgres))
struct TokenMakingTests {
    private static let newPassword = "quite another battery"

    @Test("a token takes the password once more; made, refused and revoked are on record, without a word of the token")
    func recorded() async throws {
        try await SignInFixture.with { fixture in
            let (user, tokens) = (try await fixture.member(), TokenStore(pool: fixture.pool))
            let session = try await fixture.enter().session
            guard case .wrong = try await Self.check("wrong password", session, fixture) else { throw SignInFixture.Unexpected() }
            let text = try #require(try await tokens.add(by: Self.proof(session, fixture), name: "my laptop", scopes: .all, expiresAt: nil))
                .reveal()
            let token = try #require(try await tokens.authenticate(text))
            #expect(token.id == user.id)
            #expect(try await tokens.revoke(token.token, user: user.id, network: NetworkAddress("192.0.2.9")))
            #expect(try await !tokens.revoke(token.token, user: user.id))
            let rows = try await fixture.pool.query(
                "SELECT kind, network, detail::text AS detail FROM audit_events WHERE kind LIKE 'token-%' ORDER BY id")
            let records = try rows.map { try "\($0.decode("kind", as: String.self)) \($0.decode("network", as: String.self))" }
            #expect(records == ["token-refused 192.0.2.1", "token-made 192.0.2.1", "token-revoked 192.0.2.9"])
            try #require(rows.count == 3)
            for row in rows {
                let detail = try row.decode("detail", as: String.self)
                #expect(!detail.contains("laptop") && !detail.contains(text.dropFirst(4)))
            }
            #expect(try rows[1].decode("detail", as: String.self) == #"{"token": "\#(token.token)", "scopes": "read,write,delete"}"#)
        }
    }

    @Test("nobody makes a token without being signed in, and guesses count with those at a change of the password")
    func guessed() async throws {
        try await SignInFixture.with { fixture in
            _ = try await fixture.member()
            let awaiting = try await fixture.awaiting(from: .elsewhere())
            guard case .wrong = try await Self.check(SignInFixture.password, awaiting, fixture) else { throw SignInFixture.Unexpected() }
            try await fixture.passMinute()
            let session = try await fixture.enter().session
            for _ in 0..<10 {
                guard case .wrong = try await Self.check("wrong password", session, fixture) else { throw SignInFixture.Unexpected() }
            }
            guard case .throttled = try await Self.check(SignInFixture.password, session, fixture),
                case .throttled = try await fixture.signIn.changePassword(
                    from: Secret(SignInFixture.password), to: Secret(Self.newPassword), in: session, .somewhere)
            else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("a user has a hundred tokens, however many are made at the same time")
    func limit() async throws {
        try await SignInFixture.with { fixture in
            let (user, tokens) = (try await fixture.member(), TokenStore(pool: fixture.pool))
            let proof = try await Self.proof(fixture.enter().session, fixture)
            try await fixture.pool.execute(
                """
                INSERT INTO api_tokens (user_id, name, sha256)
                SELECT \(user.id), 'x', sha256(n::text::bytea) FROM generate_series(1, 99) AS n
                """)
            let (made, refused) = (Counter(), Counter())
            // Nothing can be added for the moment, but counted: as if both had counted at the same time.
            let pending = try await fixture.holding("LOCK TABLE api_tokens IN SHARE ROW EXCLUSIVE MODE") {
                let pending = (0..<2).map { _ in
                    Task {
                        let code = await accountsCode {
                            if try await tokens.add(by: proof, name: "y", scopes: .all, expiresAt: nil) != nil { made.increment() }
                        }
                        if code == .tooManyTokens { refused.increment() }
                    }
                }
                try await awaitTruth("both wait") { try await fixture.waiters() == 2 }
                return pending
            }
            for task in pending { await task.value }
            #expect(made.value == 1 && refused.value == 1)
            #expect(await accountsCode { _ = try await tokens.add(user: user.id, name: "of the operator") } == .tooManyTokens)
            #expect(try await tokens.list(user: user.id).count == TokenStore.limit)
        }
    }

    @Test("H90 a password that was typed before it was changed or reset, or the user disabled, makes no token", arguments: 0..<3)
    func late(way: Int) async throws {
        try await SignInFixture.with { fixture in
            let (user, tokens) = (try await fixture.member(), TokenStore(pool: fixture.pool))
            let session = try await fixture.enter().session
            let proof = try await Self.proof(session, fixture)
            switch way {
            case 0:
                guard
                    case .changed = try await fixture.signIn.changePassword(
                        from: Secret(SignInFixture.password), to: Secret(Self.newPassword), in: session, .somewhere)
                else { throw SignInFixture.Unexpected() }
            case 1: try await Self.reset(user, fixture)
            default: #expect(try await fixture.administration.disable(user.id) != nil)
            }
            #expect(try await tokens.add(by: proof, name: "late", scopes: .all, expiresAt: nil) == nil)
            #expect(try await tokens.list(user: user.id).isEmpty)
        }
    }

    @Test("H90 a reset revokes all tokens of the user and puts each on record; a change leaves them")
    func reset() async throws {
        try await SignInFixture.with { fixture in
            let (user, other) = (try await fixture.member(), try await fixture.member("student"))
            let tokens = TokenStore(pool: fixture.pool, cacheLifetime: .zero)
            let texts = try await [tokens.add(user: user.id, name: "a"), tokens.add(user: user.id, name: "b")].map { $0.reveal() }
            let foreign = try await tokens.add(user: other.id, name: "c").reveal()
            guard
                case .changed = try await fixture.signIn.changePassword(
                    from: Secret(SignInFixture.password), to: Secret("a third battery of them"), in: fixture.enter().session, .somewhere)
            else { throw SignInFixture.Unexpected() }
            for text in texts { #expect(try await tokens.authenticate(text) != nil) }
            try await Self.reset(user, fixture)
            for text in texts { #expect(try await tokens.authenticate(text) == nil) }
            #expect(try await tokens.authenticate(foreign) != nil)
            let reasons = try await fixture.pool.query(
                "SELECT detail->>'reason' AS reason FROM audit_events WHERE kind = 'token-revoked' AND user_id = \(user.id)")
            #expect(try reasons.map { try $0.decode("reason", as: String.self) } == ["reset", "reset"])
        }
    }

    @Test("H90 a reset whose record cannot be written changes nothing, tokens included")
    func resetFails() async throws {
        try await SignInFixture.with { fixture in
            let (user, tokens) = (try await fixture.member(), TokenStore(pool: fixture.pool, cacheLifetime: .zero))
            let text = try await tokens.add(user: user.id, name: "a").reveal()
            try await fixture.pool.execute("ALTER TABLE audit_events ADD CHECK (kind <> 'password-reset')")
            #expect(await accountsCode { try await Self.reset(user, fixture) } == .database)
            #expect(try await tokens.authenticate(text) != nil)
            guard case .challenged = try await fixture.begin("miami") else { throw SignInFixture.Unexpected() }
        }
    }

    @Test("H90 whether a token still counts: not once it is revoked or expired, or its user disabled", arguments: 0..<3)
    func live(way: Int) async throws {
        try await SignInFixture.with { fixture in
            let (user, tokens) = (try await fixture.member(), TokenStore(pool: fixture.pool, cacheLifetime: .zero))
            let text = try await tokens.add(user: user.id, name: "a", expiresAt: Date(timeIntervalSinceNow: 3600)).reveal()
            let found = try #require(try await tokens.authenticate(text))
            #expect(try await tokens.isLive(found))
            switch way {
            case 0: #expect(try await tokens.revoke(found.token, user: user.id))
            case 1: try await fixture.pool.execute("UPDATE api_tokens SET expires_at = now()")
            default: #expect(try await fixture.administration.disable(user.id) != nil)
            }
            #expect(try await !tokens.isLive(found))
        }
    }

    private static func check(_ password: String, _ session: Session, _ fixture: SignInFixture) async throws -> PasswordCheck {
        try await fixture.signIn.check(Secret(password), orRecord: .tokenRefused, in: session, .somewhere)
    }

    private static func proof(_ session: Session, _ fixture: SignInFixture) async throws -> PasswordProof {
        guard case .right(let proof) = try await check(SignInFixture.password, session, fixture) else { throw SignInFixture.Unexpected() }
        return proof
    }

    private static func reset(_ user: User, _ fixture: SignInFixture) async throws {
        _ = try await fixture.resets.request(login: user.email, visitor: .somewhere)
        let id = try #require(fixture.resetMails.items.last)
        let link = try #require(try await fixture.resets.mail(for: id)).token
        guard case .done = try await fixture.resets.complete(link, password: Secret(newPassword), visitor: .somewhere) else {
            throw SignInFixture.Unexpected()
        }
    }
}
