import Platform
import Testing

struct EmailAddressTests {
    @Test(
        "H74 what is more than one plain address, or none that mail can be sent to, is refused",
        arguments: [
            "a@b\r\nBcc: x@y", "a@b,c@d", "<a@b>", "a@b>", "a b@c", "a@b\0", "a@b@c", "@b", "a@", "", "a", "\"a\"@b", "a@-b", "a@b-",
            "a@b.-c.d", "a@b..c", "a@.b", "a@b.", ".a@b", "a.@b", "a..b@c", "ä@b", "a@ä", "ａ@b", "a@[127.0.0.1]", "a@b_c",
            String(repeating: "a", count: 65) + "@b", "a@" + String(repeating: "b", count: 64),
            "a@" + Array(repeating: String(repeating: "b", count: 60), count: 5).joined(separator: "."),
        ])
    func refused(_ text: String) {
        #expect(EmailAddress(text) == nil)
    }

    @Test(
        "plain addresses are taken as they are",
        arguments: [
            "a@b", "first.last+tag@mail.example.org", "o'neil@example.org", "A_B@x--y.example", "1@2.3",
            String(repeating: "a", count: 64) + "@" + String(repeating: "b", count: 63),
        ])
    func taken(_ text: String) throws {
        let address = try #require(EmailAddress(text))
        #expect(address.text == text && text.hasSuffix("@\(address.domain)") && !address.domain.contains("@"))
    }
}
