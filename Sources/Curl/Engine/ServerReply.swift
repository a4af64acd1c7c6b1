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
        var end = line.count
        while end > 4, line[end - 1] == UInt8(ascii: "\r") || line[end - 1] == UInt8(ascii: "\n") { end -= 1 }
        let count = min(end - 4, 160)
        text = String(unsafeUninitializedCapacity: count) { space in
            for index in 0..<count {
                let byte = line[4 + index]
                space.initializeElement(at: index, to: (0x20...0x7E).contains(byte) ? byte : UInt8(ascii: "?"))
            }
            return count
        }
    }

    var isFailure: Bool { code >= 400 }
}
