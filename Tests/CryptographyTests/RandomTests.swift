import Cryptography
import Testing

@Suite("Random bytes, base64url and comparison")
struct RandomTests {
    @Test("RFC 4648 vectors without padding", arguments: [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
    func base64(plain: String, encoded: String) {
        #expect(Base64URL.encode(Array(plain.utf8)) == encoded)
        #expect(Base64URL.decode(encoded) == Array(plain.utf8))
    }

    @Test("the alphabet is the one for URLs")
    func alphabet() {
        #expect(Base64URL.encode([0xfb, 0xef, 0xff]) == "--__")
        #expect(Base64URL.decode("--__") == [0xfb, 0xef, 0xff])
    }

    @Test("text that no encoder makes is refused", arguments: ["A", "Zg==", "Z", "Zm9v\n", "++//", "Zh", "Zm9", "Zm 9v", "Zm9vé"])
    func refused(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test("every length survives the round trip")
    func lengths() {
        for count in 0..<70 {
            let bytes = RandomBytes.make(count)
            #expect(bytes.count == count)
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
    }

    @Test("ASVS 6.5.3 7.2.3 tokens are 43 characters for 256 bits and never repeat")
    func tokens() {
        let tokens = (0..<1000).map { _ in RandomBytes.token() }
        #expect(Set(tokens).count == tokens.count)
        #expect(tokens.allSatisfy { $0.utf8.count == 43 })
        #expect(RandomBytes.token(byteCount: 16).utf8.count == 22)
    }

    @Test("comparison sees every difference")
    func comparison() {
        #expect(ConstantTime.areEqual([], []))
        #expect(ConstantTime.areEqual("secret", "secret"))
        #expect(!ConstantTime.areEqual("secret", "secreT"))
        #expect(!ConstantTime.areEqual("secret", "secret "))
        #expect(!ConstantTime.areEqual([1, 2, 3], [0, 2, 3]))
    }
}
