import Accounts
import Platform
import Postgres
import TestSupport
import Testing

@Suite("The life of a password")
struct PasswordLifeTests {
    @Test("ASVS 6.2.10 a password is good for as long as its user wants, also after ten years", .requires(.postgres))
    func age() async throws {
        try await SignInFixture.with { fixture in
            let user = try await fixture.member()
            try await fixture.pool.execute(
                """
                UPDATE users SET created_at = now() - interval '11 years', password_changed_at = now() - interval '10 years'
                WHERE id = \(user.id)
                """)
            let session = try await fixture.enter().session
            #expect(try await fixture.end(of: session) == nil)
        }
    }

    @Test("ASVS 11.4.2 what is stored of a password is scrypt's with N = 2^15, r = 8, p = 3, unless told otherwise")
    func cost() async throws {
        let pool = BlockingPool(name: "passwords", size: 1)
        let hash = try await PasswordHasher(pool: pool).hash(Secret("correct horse"))
        await pool.shutDown()
        #expect(hash.text.hasPrefix("$scrypt$ln=15,r=8,p=3$"))
    }
}
