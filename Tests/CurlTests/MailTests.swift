import Curl
import Foundation
import Testing

@Suite struct MailTests {
    static func message(subject: String = "Hello", name: String? = nil, text: String = "Hi", html: String? = nil) throws -> MailMessage {
        try MailMessage(
            from: MailAddress("sluice@example.org", name: name), to: MailAddress("user@example.org"), subject: subject, text: text,
            html: html, messageID: "0190-job@example.org", date: Date(timeIntervalSince1970: 1_795_381_323))
    }

    static func lines(_ message: MailMessage) -> [String] {
        String(decoding: message.encoded(), as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test(
        "H74 addresses that are more than one plain address are refused",
        arguments: [
            "a@b\r\nBcc: x@y", "a@b,c@d", "<a@b>", "a@b>", "a b@c", "a@b\0", "a@b@c", "@b", "a@", "", "a", "\"a\"@b", "a@-b", "a@b..c",
            ".a@b", "a.@b",
            "ä@b", "a@ä", "a@[127.0.0.1]", String(repeating: "a", count: 65) + "@b",
            "a@" + Array(repeating: String(repeating: "b", count: 60), count: 5).joined(separator: "."),
        ])
    func addresses(_ address: String) {
        let error = #expect(throws: SMTPError.self) { try MailAddress(address) }
        #expect(error?.disposition == .fatal)
    }

    @Test("plain addresses are taken", arguments: ["a@b", "first.last+tag@mail.example.org", "o'neil@example.org"])
    func plainAddresses(_ address: String) throws {
        #expect(try MailAddress(address).address == address)
        #expect(try address.hasSuffix("@" + MailAddress(address).domain))
    }

    @Test("H74 names, subjects and identifiers with line ends are refused", arguments: ["a\r\nBcc: x@y", "a\nb", "a\rb", "a\0b"])
    func headers(_ text: String) throws {
        #expect(throws: SMTPError.self) { try MailAddress("a@b", name: text) }
        #expect(throws: SMTPError.self) { try Self.message(subject: text) }
        #expect(throws: SMTPError.self) {
            try MailMessage(from: MailAddress("a@b"), to: MailAddress("a@b"), subject: "s", text: "t", messageID: text + "@b")
        }
    }

    @Test("the headers of a plain message")
    func plain() throws {
        #expect(
            Self.lines(try Self.message()) == [
                "Date: Sun, 22 Nov 2026 21:02:03 +0000", "From: sluice@example.org", "To: user@example.org",
                "Message-ID: <0190-job@example.org>",
                "Subject: Hello", "MIME-Version: 1.0", "Auto-Submitted: auto-generated", "Content-Type: text/plain; charset=utf-8",
                "Content-Transfer-Encoding: quoted-printable", "", "Hi", "",
            ])
    }

    @Test("H74 names and subjects beyond ASCII become encoded words of at most 75 characters")
    func encodedWords() throws {
        let subject = String(repeating: "Grüße 🎉 ", count: 20)
        let lines = Self.lines(try Self.message(subject: subject, name: "Jürgen \"x\" <evil@example.org>"))
        #expect(lines.allSatisfy { $0.utf8.count <= 78 && $0.utf8.allSatisfy { $0 < 0x80 } })
        #expect(lines.contains(" <sluice@example.org>"))
        #expect(!lines.contains { $0.contains("evil@") })
        let start = try #require(lines.firstIndex { $0.hasPrefix("Subject: ") })
        var words = [String(lines[start].dropFirst(9))]
        words += lines[(start + 1)...].prefix { $0.hasPrefix(" ") }.map { String($0.dropFirst()) }
        var decoded: [UInt8] = []
        for word in words {
            #expect(word.utf8.count <= 75 && word.hasPrefix("=?utf-8?B?") && word.hasSuffix("?="))
            let bytes = [UInt8](try #require(Data(base64Encoded: String(word.dropFirst(10).dropLast(2)))))
            #expect(String(validating: bytes, as: UTF8.self) != nil, "a word holds whole characters")
            decoded += bytes
        }
        #expect(String(decoding: decoded, as: UTF8.self) == subject)
    }

    @Test("a subject that looks like an encoded word is encoded")
    func lookalike() throws {
        #expect(!Self.lines(try Self.message(subject: "=?utf-8?B?QQ==?=")).contains("Subject: =?utf-8?B?QQ==?="))
    }

    @Test("H75 every line end becomes CRLF, and no bare CR or LF is left")
    func lineEnds() throws {
        let bytes = try Self.message(text: "a\nb\rc\r\nd\n\n.\n..\r\n.x\r\r\n").encoded()
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "\n") { #expect(index > 0 && bytes[index - 1] == UInt8(ascii: "\r")) }
            if byte == UInt8(ascii: "\r") { #expect(index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "\n")) }
        }
        #expect(QuotedPrintable.lines("a\nb\rc\r\nd\n\n.\n") == ["a", "b", "c", "d", "", "."])
    }

    @Test("H75 quoted-printable: 76 characters a line, blanks at line ends, controls and signs encoded")
    func quotedPrintable() throws {
        #expect(QuotedPrintable.lines("a=b") == ["a=3Db"])
        #expect(QuotedPrintable.lines("a \nb\t") == ["a=20", "b=09"])
        #expect(QuotedPrintable.lines("ä\0") == ["=C3=A4=00"])
        #expect(QuotedPrintable.lines(String(repeating: "x", count: 76)) == [String(repeating: "x", count: 76)])
        for filler in ["x", "ä", " ", "=", "x ä"] {
            let text = String(repeating: filler, count: 300)
            let lines = QuotedPrintable.lines(text)
            #expect(lines.allSatisfy { $0.utf8.count <= 76 })
            #expect(lines.dropLast().allSatisfy { $0.hasSuffix("=") } && lines.last?.hasSuffix("=") == false)
        }
    }

    @Test("text and HTML become alternatives whose boundary cannot occur in them")
    func alternatives() throws {
        let lines = Self.lines(try Self.message(text: "--=_sluice--", html: "<p>--=_sluice</p>"))
        #expect(lines.filter { $0 == "--=_sluice" }.count == 2)
        #expect(lines.filter { $0 == "--=_sluice--" }.count == 1)
        #expect(lines.contains("--=3D_sluice--"))
        #expect(lines.contains("Content-Type: text/html; charset=utf-8"))
    }

    @Test(
        "H77 replies sorted",
        arguments: [
            (421, SMTPError.Disposition.unavailable), (454, .unavailable), (530, .unavailable), (535, .unavailable), (450, .retry),
            (451, .retry),
            (452, .retry), (550, .fatal), (552, .fatal), (554, .fatal),
        ])
    func table(_ code: Int, _ expected: SMTPError.Disposition) {
        #expect(SMTPFailure.disposition(reply: code) == expected)
    }
}
