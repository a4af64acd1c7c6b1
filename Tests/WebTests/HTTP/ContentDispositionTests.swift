import Testing
import Web

struct ContentDispositionTests {
    @Test(
        "H35 quotes, semicolons and parameters in a name",
        arguments: [
            ("report.pdf", "report.pdf", "report.pdf"),
            ("a b.txt", "a b.txt", "a%20b.txt"),
            ("a\"; filename=\"evil.exe", "a__ filename=_evil.exe", "a%22%3B%20filename%3D%22evil.exe"),
            ("a\\\"b", "a__b", "a%5C%22b"),
            ("100%41.txt", "100_41.txt", "100%2541.txt"),
            ("a'b*c", "a'b*c", "a%27b%2Ac"),
            ("../../etc/passwd", ".._.._etc_passwd", "..%2F..%2Fetc%2Fpasswd"),
            ("C:\\x", "C__x", "C%3A%5Cx"),
            ("\u{E4}\u{20AC}.txt", "__.txt", "%C3%A4%E2%82%AC.txt"),
            ("\u{1F468}\u{200D}\u{1F469}.png", "_.png", "%F0%9F%91%A8%E2%80%8D%F0%9F%91%A9.png"),
            ("", "file", "file"),
        ])
    func quoting(_ name: String, _ fallback: String, _ exact: String) {
        #expect(ContentDisposition(attachment: name).value == "attachment; filename=\"\(fallback)\"; filename*=UTF-8''\(exact)")
    }

    @Test("H34 characters that hide or turn others around")
    func bidirectional() {
        let plain = ContentDisposition(attachment: "invoicefdp.exe").value
        for scalar in [
            "\u{202E}", "\u{202A}", "\u{2066}", "\u{2069}", "\u{200E}", "\u{200F}", "\u{061C}", "\u{200B}", "\u{FEFF}", "\u{2060}",
            "\u{2028}",
        ] {
            #expect(ContentDisposition(attachment: "invoice\(scalar)fdp.exe").value == plain)
        }
        #expect(ContentDisposition(attachment: "\u{202E}").value == ContentDisposition(attachment: "file").value)
    }

    @Test("H30 H38 line breaks and controls", arguments: ["\r\nSet-Cookie: a=b", "\n", "\r", "\0", "\u{1B}[2J", "\u{85}", "\u{7F}"])
    func controls(_ text: String) {
        let value = ContentDisposition(attachment: "a\(text)b").value
        #expect(value.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
        #expect(value.hasPrefix("attachment; filename=\"a"))
    }

    @Test("H33 a thousand combining marks, and any scalar at all")
    func anything() {
        let marks = ContentDisposition(attachment: "a" + String(repeating: "\u{301}", count: 1000)).value
        #expect(marks.hasPrefix("attachment; filename=\"_\"; "))
        for value in stride(from: UInt32(0), through: 0x10FFFF, by: 97) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = ContentDisposition(attachment: "x\(Character(scalar))y").value
            #expect(
                text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && text.utf8.count { $0 == 0x22 } == 2
                    && text.utf8.count { $0 == 0x3B } == 2)
        }
    }
}
