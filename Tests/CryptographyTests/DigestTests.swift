import Cryptography
import Testing

@Suite("SHA-256 and HMAC")
struct DigestTests {
    @Test(
        "FIPS 180-4 vectors",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func vectors(message: String, expected: String) {
        #expect(SHA256Hasher.digest(of: Array(message.utf8)).description == expected)
        var hasher = SHA256Hasher()
        for byte in message.utf8 { [byte].withUnsafeBytes { hasher.update($0) } }
        let digest = hasher.finish()
        #expect(digest.description == expected)
    }

    @Test("a million times a, in uneven pieces")
    func million() {
        let piece = [UInt8](repeating: 0x61, count: 4097)
        var hasher = SHA256Hasher()
        var left = 1_000_000
        while left > 0 {
            let count = min(left, piece.count)
            piece.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            left -= count
        }
        let digest = hasher.finish()
        #expect(digest.description == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test("a digest survives its text and its bytes, and nothing else becomes one")
    func roundTrip() throws {
        let digest = SHA256Hasher.digest(of: Array("sluice".utf8))
        #expect(SHA256Digest(digest.description) == digest)
        #expect(SHA256Digest(digest.description.uppercased()) == digest)
        #expect(SHA256Digest(bytes: digest.bytes) == digest)
        #expect(SHA256Digest(String(digest.description.dropLast())) == nil)
        #expect(SHA256Digest(digest.description.dropLast() + "g") == nil)
        #expect(SHA256Digest(bytes: digest.bytes.dropLast()) == nil)
        #expect(SHA256Digest(bytes: digest.bytes + [0]) == nil)
    }

    @Test("digests that differ in any one byte are unequal")
    func inequality() throws {
        let bytes = SHA256Hasher.digest(of: []).bytes
        let digest = try #require(SHA256Digest(bytes: bytes))
        for position in bytes.indices {
            var other = bytes
            other[position] ^= 1
            #expect(SHA256Digest(bytes: other) != digest)
        }
    }

    @Test(
        "RFC 4231 vectors",
        arguments: [
            (
                [UInt8](repeating: 0x0b, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ])
    func hmac(key: [UInt8], message: String, expected: String) throws {
        let code = HMACSHA256.code(for: Array(message.utf8), key: key)
        #expect(code.description == expected)
    }
}
