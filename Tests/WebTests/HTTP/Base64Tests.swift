import Testing
import Web

struct Base64Tests {
    @Test(
        "RFC 4648, section 10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ])
    func vectors(_ bytes: String, _ text: String) {
        #expect(Base64.encode(bytes.utf8) == text)
        #expect(Base64.decode(text.utf8) == Array(bytes.utf8))
    }

    @Test("every byte in every place comes back, by the alphabet that is not safe in URLs")
    func bytes() {
        for byte in UInt8.min...UInt8.max {
            for bytes in [[byte], [0, byte], [0xFF, 0, byte]] {
                #expect(Base64.decode(Base64.encode(bytes).utf8) == bytes)
            }
        }
        #expect(Base64.encode([0xFB, 0xFF, 0xFE]) == "+//+")
    }

    @Test(
        "H53 what no encoder writes",
        arguments: [
            "Z", "Zg", "Zg=", "Zg===", "Zm9", "Zm9vZg", "====", "=", "Z===", "Zg==Zg==", "Zm=v", "Zm9v\n", " Zm9v", "Zm-_", "Zh==", "Zm9=",
            "Zm9v\u{0}", "Zé==",
        ])
    func malformed(text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }
}
