import Cryptography
import Testing

@Suite("Scrypt and short codes")
struct ScryptTests {
    @Test("RFC 7914 vectors")
    func vectors() throws {
        let small = try #require(Scrypt.Cost(logN: 10, r: 8, p: 16))
        let key = Scrypt.derive(password: Array("password".utf8), salt: Array("NaCl".utf8), cost: small, count: 64)
        #expect(
            hexadecimal(key) == "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")
        let large = try #require(Scrypt.Cost(logN: 14, r: 8, p: 1))
        let other = Scrypt.derive(password: Array("pleaseletmein".utf8), salt: Array("SodiumChloride".utf8), cost: large, count: 64)
        #expect(
            hexadecimal(other) == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")
    }

    @Test("the standard cost works within OpenSSL's memory limit, with NUL bytes and an empty password")
    func standard() {
        let (one, two) = (derive([0x61, 0, 0x62]), derive([0x61, 0, 0x63]))
        #expect(one != nil && one != two && one?.count == 32)
        #expect(derive([]) != nil)
    }

    @Test(
        "costs that no honest setting has are none",
        arguments: [(0, 8, 1), (21, 8, 1), (15, 0, 1), (15, 8, 0), (15, 8, 65), (20, 8, 1), (-1, 8, 1), (15, .max, 1)])
    func cost(logN: Int, r: Int, p: Int) {
        #expect(Scrypt.Cost(logN: logN, r: r, p: p) == nil)
    }

    @Test(
        "RFC 6238 vectors of the truncation",
        arguments: [(59, "46119246"), (1_111_111_109, "68084774"), (1_234_567_890, "91819424"), (20_000_000_000, "77737706")])
    func truncation(time: UInt64, expected: String) {
        let counter = time / 30
        let message = stride(from: UInt64(56), through: 0, by: -8).map { UInt8(truncatingIfNeeded: counter >> $0) }
        let code = HMACSHA256.code(for: message, key: Array("12345678901234567890123456789012".utf8))
        #expect(TruncatedCode.digits(of: code, count: 8) == expected)
        #expect(TruncatedCode.digits(of: code, count: 6) == expected.suffix(6))
    }

    private func derive(_ password: [UInt8]) -> [UInt8]? {
        Scrypt.derive(password: password, salt: [1, 2, 3], cost: .standard)
    }

    private func hexadecimal(_ bytes: [UInt8]?) -> String? {
        bytes.map { $0.map { String($0 >> 4, radix: 16) + String($0 & 0xF, radix: 16) }.joined() }
    }
}
