import Accounts
import Cryptography
import Platform
import TestSupport
import Testing

@Suite("Passwords")
struct PasswordTests {
    @Test(
        "ASVS 6.2.4 common passwords are refused in any case",
        arguments: ["password", "PassWord", "12345678", "qwertyuiop", "iloveyou", "trustno1", "!qaz2wsx", "zzzzzzz1"])
    func common(password: String) {
        #expect(PasswordRules.problem(of: Secret(password), context: []) == .common)
    }

    @Test(
        "what is not in the list, though near it, may be chosen",
        arguments: ["passwordd", "passworc", "password\n", "\npassword", "12345678\n123456789", "a fine long one", "zzzzzzzzzzz!"])
    func uncommon(password: String) {
        #expect(PasswordRules.problem(of: Secret(password), context: []) == nil)
    }

    @Test("ASVS 6.2.1 6.2.5 6.2.9 at least 8 characters and at most 1024 bytes, as they come: no rule about their kinds, nothing trimmed")
    func length() {
        #expect(PasswordRules.problem(of: Secret(""), context: []) == .tooShort)
        #expect(PasswordRules.problem(of: Secret("äöüßäöü"), context: []) == .tooShort)
        #expect(PasswordRules.problem(of: Secret("äöüßäöü€"), context: []) == nil)
        #expect(PasswordRules.problem(of: Secret("        "), context: []) == nil)
        #expect(PasswordRules.problem(of: Secret(String(repeating: "xy", count: 512)), context: []) == nil)
        #expect(PasswordRules.problem(of: Secret(String(repeating: "xy", count: 512) + "z"), context: []) == .tooLong)
    }

    @Test("ASVS 6.2.11 names, addresses and the name of the service count for nothing in a password")
    func personal() {
        let context = ["Ange", "ange.martin", "Martin"]
        for password in ["ange1234", "AngeAngeAnge", "sluice2024", "xMartinAnge1", "ange.martin"] {
            #expect(PasswordRules.problem(of: Secret(password), context: context) == .personal, "\(password)")
        }
        for password in ["orange juice at noon", "martingales everywhere"] {
            #expect(PasswordRules.problem(of: Secret(password), context: context) == nil, "\(password)")
        }
        #expect(PasswordRules.problem(of: Secret("aaaa-bcd"), context: ["a", "", "bc"]) == nil)
    }

    @Test("ASVS 6.2.8 a hash is stored with its cost and salt, and belongs to its password exactly as received")
    func hash() async throws {
        try await withHasher { hasher, _ in
            for password in ["correct horse", " correct horse ", "Correct Horse", "\u{E9}", "e\u{301}", "nul\0inside"] {
                let hash = try await hasher.hash(Secret(password))
                #expect(hash.text.hasPrefix("$scrypt$ln=4,r=8,p=1$") && hash.text.utf8.count <= 256)
                #expect(try await hasher.hash(Secret(password)) != hash)
                for other in ["correct horse", " correct horse ", "Correct Horse", "\u{E9}", "e\u{301}", "nul", "nul\0inside"] {
                    // As bytes: Swift holds two forms of é for equal.
                    #expect(try await hasher.verify(Secret(other), against: hash) == other.utf8.elementsEqual(password.utf8))
                }
            }
        }
    }

    @Test("a hash of another cost still counts, and without one the answer is no after the same work")
    func costs() async throws {
        try await withHasher(logN: 5) { older, _ in
            let hash = try await older.hash(Secret("correct horse"))
            try await withHasher { hasher, runs in
                let answers = [
                    try await hasher.verify(Secret("correct horse"), against: hash),
                    try await hasher.verify(Secret("correct horse"), against: nil),
                ]
                #expect(answers == [true, false])
                #expect(runs.value == 2)
            }
        }
    }

    @Test("H85 who finds all places taken is sent away at once")
    func busy() async throws {
        let (gate, runs) = (Gate(), Counter())
        let pool = BlockingPool(name: "passwords", size: 1)
        let hasher = try PasswordHasher(pool: pool, waiting: 1, cost: #require(Scrypt.Cost(logN: 4, r: 8, p: 1))) { _, _, _ in
            runs.increment()
            gate.pass()
            return [UInt8](repeating: 0, count: 32)
        }
        gate.close()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 { group.addTask { _ = try await hasher.hash(Secret("correct horse")) } }
            // Both places are taken once one runs and the other one waits.
            while runs.value == 0 || hasher.waiting < 1 { await Task.yield() }
            for _ in 0..<10 { #expect(await accountsCode { _ = try await hasher.hash(Secret("correct horse")) } == .busy) }
            gate.open()
            try await group.waitForAll()
        }
        _ = try await hasher.hash(Secret("correct horse"))
        await pool.shutDown()
        #expect(await accountsCode { _ = try await hasher.hash(Secret("correct horse")) } == .closed)
    }

    @Test(
        "what is no hash is none",
        arguments: [
            "", "$scrypt$", "plain", "$scrypt$ln=15,r=8,p=3$$", "$argon2id$ln=15,r=8,p=3$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
            "$scrypt$ln=30,r=8,p=3$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$scrypt$r=8,ln=15,p=3$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ])
    func badHash(text: String) {
        #expect(PasswordHash(text) == nil)
    }

    private func withHasher(logN: Int = 4, _ body: (PasswordHasher, Counter) async throws -> Void) async throws {
        let (pool, runs) = (BlockingPool(name: "passwords", size: 2), Counter())
        let cost = try #require(Scrypt.Cost(logN: logN, r: 8, p: 1))
        try await body(
            PasswordHasher(pool: pool, waiting: 10, cost: cost) { password, salt, cost in
                runs.increment()
                return Scrypt.derive(password: password, salt: salt, cost: cost)
            }, runs)
        await pool.shutDown()
    }
}
