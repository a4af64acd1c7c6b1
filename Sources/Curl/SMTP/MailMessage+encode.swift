import Platform

extension MailMessage {
    /// The message as sent after DATA, before dot-stuffing: every line ends in CRLF, every byte is ASCII, no line is
    /// longer than 78 bytes (RFC 5322, RFC 2045).
    package func encoded() -> [UInt8] {
        var lines = [
            "Date: " + CivilDate.mailDate(date),
            "From: " + MailHeader.mailbox(from),
            "To: " + MailHeader.mailbox(to),
            "Message-ID: <\(messageID)>",
            "Subject: " + MailHeader.text(subject, indent: 9),
            "MIME-Version: 1.0",
            "Auto-Submitted: auto-generated",
        ]
        guard let html else {
            lines += Self.part("plain", text)
            return Self.join(lines)
        }
        // `=_` cannot occur in quoted-printable text, so the boundary cannot occur in a part.
        let boundary = "=_sluice"
        lines += ["Content-Type: multipart/alternative; boundary=\"\(boundary)\"", ""]
        lines += ["--" + boundary] + Self.part("plain", text)
        lines += ["--" + boundary] + Self.part("html", html)
        lines.append("--\(boundary)--")
        return Self.join(lines)
    }

    private static func part(_ subtype: String, _ body: String) -> [String] {
        ["Content-Type: text/\(subtype); charset=utf-8", "Content-Transfer-Encoding: quoted-printable", ""] + QuotedPrintable.lines(body)
    }

    private static func join(_ lines: [String]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(lines.reduce(0) { $0 + $1.utf8.count + 2 })
        for line in lines {
            bytes += line.utf8
            bytes += [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
        }
        return bytes
    }
}

/// Header values (RFC 5322, 2.2; RFC 2047).
package enum MailHeader {
    /// `"Name" <address>`, or the address alone.
    package static func mailbox(_ mailbox: MailAddress) -> String {
        guard let name = mailbox.name, !name.isEmpty else { return mailbox.address }
        let isPlain =
            name.utf8.count <= 40
            && name.utf8.allSatisfy { byte in
                (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "=")
            }
        let shown = isPlain ? "\"\(name)\"" : encodedWords(name, indent: 6)
        return "\(shown)\r\n <\(mailbox.address)>"
    }

    /// Short printable ASCII as it is, anything else as encoded words, folded.
    ///
    /// - Parameter indent: the bytes before it on the first line.
    package static func text(_ value: String, indent: Int) -> String {
        let isPlain = value.utf8.count + indent <= 76 && value.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !value.contains("=?")
        return isPlain ? value : encodedWords(value, indent: indent)
    }

    /// Each word is at most 75 characters and holds whole characters (RFC 2047, 2 and 5).
    private static func encodedWords(_ value: String, indent: Int) -> String {
        // 75 − "=?utf-8?B?" − "?=" leaves 63 characters of Base64: 45 bytes; less on the first line.
        var words: [String] = []
        var current: [UInt8] = []
        var room = 45 - (indent + 3) / 4 * 3
        for scalar in value.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if current.count + bytes.count > room {
                words.append(word(current))
                current = []
                room = 45
            }
            current += bytes
        }
        words.append(word(current))
        return words.joined(separator: "\r\n ")
    }

    private static func word(_ bytes: [UInt8]) -> String { "=?utf-8?B?\(Base64.encode(bytes))?=" }
}
