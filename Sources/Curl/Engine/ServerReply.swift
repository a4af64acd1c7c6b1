/// The last line of a reply, of FTP (RFC 959, 4.2) or SMTP (RFC 5321, 4.2).
package struct ServerReply: Hashable, Sendable {
    /// 100…999 as far as the peer keeps to the protocol; three digits in any case.
    package let code: Int
    /// What follows the code: printable ASCII, at most 160 characters, everything else replaced by `?`.
    package let text: String

    package init(code: Int, text: String) {
        self.code = code
        self.text = text
    }

    /// - Returns: nil for a line that does not end a reply: those lack three digits and a blank.
    package init?(lastLine line: UnsafeRawBufferPointer) {
        guard line.count > 3, line[3] == UInt8(ascii: " ") else { return nil }
        var code = 0
        for byte in line[0..<3] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            code = code * 10 + Int(byte - UInt8(ascii: "0"))
        }
        self.code = code
        var rest = line[4...]
        while let last = rest.last, last == UInt8(ascii: "\r") || last == UInt8(ascii: "\n") { rest.removeLast() }
        text = String(decoding: rest.prefix(160).lazy.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    var isFailure: Bool { code >= 400 }
}
