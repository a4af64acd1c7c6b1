import Platform
import Testing

struct PercentCodingTests {
    @Test(
        "Text is decoded once",
        arguments: [
            ("", ""), ("a%20b", "a b"), ("%2525", "%25"), ("%c3%A9", "é"), ("é", "é"), ("a+b", "a+b"), ("%2B", "+"), ("%7E/", "~/"),
        ])
    func decoded(text: String, expected: String) throws {
        #expect(try PercentCoding.decode(text.utf8) == expected)
    }

    @Test("A plus is a space where it is said to be, and an encoded one is not")
    func plus() throws {
        #expect(try PercentCoding.decode("a+%2B".utf8, plusIsSpace: true) == "a +")
    }

    @Test(
        "H29 What has no meaning or a second one is refused",
        arguments: [
            ("%", PercentCoding.Failure.malformed), ("%1", .malformed), ("a%zz", .malformed), ("%%20", .malformed), ("%+1", .malformed),
            ("%00", .controlCharacter), ("a\n", .controlCharacter), ("%0d%0A", .controlCharacter), ("%7F", .controlCharacter),
            ("%C0%AE", .invalidUTF8), ("%FF", .invalidUTF8), ("%ED%A0%80", .invalidUTF8),
        ])
    func refused(text: String, failure: PercentCoding.Failure) {
        #expect(throws: failure) { try PercentCoding.decode(text.utf8) }
    }
}
