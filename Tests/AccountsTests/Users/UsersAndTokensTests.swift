import Accounts
import DatabaseSupport
import FoundationEssentials
import Logging
import Platform
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite("Users and tokens", .requires(.postgres))
struct AccountsTests {
    @Test("a user is found by name, whatever its case and width")
    func find() async throws {
        try await withStores { users, _, _ in
            let name = unique("Ange")
            let user = try await users.add(name: name, email: name + "@example.org")
            #expect(try await users.find(name: name) == user)
            #expect(try await users.find(name: name.uppercased()) == user)
            #expect(try await users.find(name: "Ａ" + name.dropFirst()) == user)
            #expect(try await users.find(user.id) == user)
            #expect(try await users.find(name: name + "x") == nil)
            #expect(try await users.find(name: "' OR 1=1 --") == nil)
        }
    }

    @Test("H39 names that look the same are taken")
    func taken() async throws {
        try await withStores { users, _, _ in
            let name = unique("miami")
            _ = try await users.add(name: name, email: name + "@example.org")
            for twin in [name, name.uppercased(), "ｍ" + name.dropFirst()] {
                #expect(await code { _ = try await users.add(name: twin, email: unique("x") + "@example.org") } == .nameTaken)
            }
            #expect(await code { _ = try await users.add(name: unique("y"), email: name.uppercased() + "@EXAMPLE.org") } == .emailTaken)
        }
    }

    @Test(
        "H74 addresses that mean more than one mailbox are refused",
        arguments: [
            "", "a", "a@", "@b", "a@b@c", "a@b\r\nRCPT TO:<x@y>", "a,b@c.d", "<a@b.c>", "a b@c.d", "a@b..c", ".a@b.c", "a@b\0", "ä@b.c",
            "\"a\"@b.c", String(repeating: "a", count: 65) + "@b.c", "a@" + String(repeating: "b.", count: 130) + "c",
        ])
    func badEmail(email: String) async throws {
        try await withoutDatabase { pool in
            #expect(await code { _ = try await UserStore(pool: pool).add(name: unique("n"), email: email) } == .badEmail)
        }
    }

    @Test(
        "H38 names with controls, blanks or markup are refused",
        arguments: ["", " ", "a b", "a\nb", "a\0", "-a", "<b>", "a\u{202E}b", String(repeating: "a", count: 65), "a\u{200B}"])
    func badName(name: String) async throws {
        try await withoutDatabase { pool in
            #expect(await code { _ = try await UserStore(pool: pool).add(name: name, email: unique("n") + "@example.org") } == .badName)
        }
    }

    @Test("a token authenticates its user and is kept as a digest only")
    func token() async throws {
        try await withStores { users, tokens, pool in
            let user = try await users.add(name: unique("t"), email: unique("t") + "@example.org")
            let token = try await tokens.add(user: user.id, name: "laptop")
            #expect("\(token)" == "[secret]")
            #expect(token.reveal().hasPrefix("slc_") && token.reveal().utf8.count == 47)
            let found = try #require(try await tokens.authenticate(token.reveal()))
            #expect(found.id == user.id && found.name == user.name)
            let rows = try await pool.query("SELECT row_to_json(api_tokens)::text AS row FROM api_tokens WHERE user_id = \(user.id)")
            #expect(rows.count == 1)
            #expect(try !rows[0].decode("row", as: String.self).contains(token.reveal().dropFirst(4)))
        }
    }

    @Test(
        "what is not a token is nobody", arguments: ["", "slc_", "Bearer x", "slc_" + String(repeating: "A", count: 43), "slc_\0", "'--"])
    func noToken(text: String) async throws {
        try await withStores { _, tokens, _ in
            let user = try await tokens.authenticate(text)
            #expect(user == nil)
        }
    }

    @Test("an expired token is nobody, also when it was cached")
    func expired() async throws {
        try await withStores { users, tokens, pool in
            let user = try await users.add(name: unique("e"), email: unique("e") + "@example.org")
            let past = try await tokens.add(user: user.id, name: "old", expiresAt: Date(timeIntervalSinceNow: -1))
            #expect(try await tokens.authenticate(past.reveal()) == nil)
            let clock = ManualTime()
            let cached = TokenStore(pool: pool, cacheLifetime: .seconds(1000), now: { clock.now })
            let future = try await cached.add(user: user.id, name: "new", expiresAt: Date(timeIntervalSinceNow: 100))
            #expect(try await cached.authenticate(future.reveal()) != nil)
            try await pool.execute("UPDATE api_tokens SET expires_at = now() WHERE user_id = \(user.id)")
            clock.advance(.seconds(50))
            #expect(try await cached.authenticate(future.reveal()) != nil)
            clock.advance(.seconds(51))
            #expect(try await cached.authenticate(future.reveal()) == nil)
        }
    }

    @Test("H90 a revoked token ends at once here and within the lifetime of the cache elsewhere")
    func revoked() async throws {
        try await withStores { users, tokens, pool in
            let user = try await users.add(name: unique("r"), email: unique("r") + "@example.org")
            let other = try await users.add(name: unique("s"), email: unique("s") + "@example.org")
            let clock = ManualTime()
            let elsewhere = TokenStore(pool: pool, cacheLifetime: .seconds(1), now: { clock.now })
            let token = try await tokens.add(user: user.id, name: "x").reveal()
            let id = try #require(try await tokens.authenticate(token)).token
            #expect(try await elsewhere.authenticate(token) != nil)
            #expect(try await !tokens.revoke(id, user: other.id))
            #expect(try await tokens.authenticate(token) != nil)
            #expect(try await tokens.revoke(id, user: user.id))
            #expect(try await tokens.authenticate(token) == nil)
            #expect(try await elsewhere.authenticate(token) != nil)
            clock.advance(.seconds(1))
            #expect(try await elsewhere.authenticate(token) == nil)
        }
    }

    @Test("a token has the scopes that it was made with, in this process and in the list; one of an earlier version has all")
    func scopes() async throws {
        try await withStores { users, tokens, pool in
            let user = try await users.add(name: unique("c"), email: unique("c") + "@example.org")
            let wanted: [Set<TokenScope>] = [[.read], [.write, .delete], .all]
            for scopes in wanted {
                let token = try await tokens.add(user: user.id, name: "x", scopes: scopes).reveal()
                // The second answer comes from the cache.
                for _ in 0..<2 { #expect(try await tokens.authenticate(token)?.scopes == scopes) }
            }
            let digest = Array(unique("d").utf8) + Array(repeating: 0, count: 15)
            try await pool.execute("INSERT INTO api_tokens (user_id, name, sha256) VALUES (\(user.id), 'old', \(Array(digest.prefix(32))))")
            #expect(try await tokens.list(user: user.id).map(\.scopes) == wanted + [.all])
            for scopes in ["{}", "{read,admin}"] {
                await #expect(throws: PostgresError.self) {
                    try await pool.execute("UPDATE api_tokens SET scopes = \(scopes)::text[] WHERE user_id = \(user.id)")
                }
            }
        }
    }

    @Test("the last use is noted at most once a minute")
    func lastUse() async throws {
        try await withStores { users, _, pool in
            let tokens = TokenStore(pool: pool, cacheLifetime: .zero)
            let user = try await users.add(name: unique("u"), email: unique("u") + "@example.org")
            let token = try await tokens.add(user: user.id, name: "x").reveal()
            #expect(try await tokens.list(user: user.id).map(\.lastUsedAt) == [nil])
            _ = try await tokens.authenticate(token)
            let first = try #require(try await tokens.list(user: user.id)[0].lastUsedAt)
            _ = try await tokens.authenticate(token)
            #expect(try await tokens.list(user: user.id)[0].lastUsedAt == first)
            try await pool.execute("UPDATE api_tokens SET last_used_at = now() - interval '61 seconds' WHERE user_id = \(user.id)")
            _ = try await tokens.authenticate(token)
            #expect(try #require(try await tokens.list(user: user.id)[0].lastUsedAt) >= first)
        }
    }

    @Test("a token needs a user and a printable name")
    func badToken() async throws {
        try await withStores { users, tokens, _ in
            #expect(await code { _ = try await tokens.add(user: UserID(rawValue: -1), name: "x") } == .unknownUser)
            let user = try await users.add(name: unique("v"), email: unique("v") + "@example.org")
            for name in ["", "a\nb", String(repeating: "x", count: 65)] {
                #expect(await code { _ = try await tokens.add(user: user.id, name: name) } == .badName)
            }
        }
    }

    @Test("no database is an error, never an answer")
    func unreachable() async throws {
        try await withoutDatabase { pool in
            let text = "slc_" + String(repeating: "A", count: 43)
            #expect(await code { _ = try await TokenStore(pool: pool).authenticate(text) } == .database)
            #expect(await code { _ = try await UserStore(pool: pool).find(name: "miami") } == .database)
            // What cannot be a token costs no query.
            let user = try await TokenStore(pool: pool).authenticate("slc_")
            #expect(user == nil)
        }
    }

    private func unique(_ prefix: String) -> String {
        prefix + String(UUIDv7().description.replacing("-", with: "").suffix(16))
    }

    private func code(_ body: () async throws -> Void) async -> AccountsError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? AccountsError)?.code
        }
    }

    private func withStores(_ body: (UserStore, TokenStore, PostgresPool) async throws -> Void) async throws {
        let configuration = try PostgresConfiguration(url: ServiceURL(TestServer.postgres.url))
        try await Self.schema.value
        try await TestDatabase.withPool(configuration) { try await body(UserStore(pool: $0), TokenStore(pool: $0), $0) }
    }

    /// Lends a pool whose database does not exist.
    private func withoutDatabase(_ body: (PostgresPool) async throws -> Void) async throws {
        try await TestDatabase.withPool(PostgresConfiguration(host: "127.0.0.1", port: 1, user: "nobody", database: "none"), body)
    }

    /// The schema, made once for all tests; they use names nobody else has.
    private static let schema = Task {
        try await TestDatabase.withPool(try PostgresConfiguration(url: ServiceURL(TestServer.postgres.url))) { pool in
            _ = try await Migrator(pool: pool, migrations: AccountsSchema.migrations).migrate()
        }
    }
}

/// A clock that stands still until it is moved.
private final class ManualTime: Sendable {
    private let value = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { value.withLock { $0 } }

    func advance(_ duration: Duration) {
        value.withLock { $0 += duration }
    }
}
