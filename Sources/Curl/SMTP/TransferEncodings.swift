/// Base64 (RFC 4648, 4) for header words.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = 0
            for offset in 0..<3 { bits = bits << 8 | (offset < group.count ? Int(group[start + offset]) : 0) }
            for position in 0..<4 {
                result.append(position <= group.count ? alphabet[bits >> (18 - 6 * position) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

/// Quoted-printable (RFC 2045, 6.7) for bodies.
package enum QuotedPrintable {
    private static let hexDigits = Array("0123456789ABCDEF".utf8)

    /// The lines of `text` encoded, without their line ends. CR LF, a bare LF and a bare CR all end a line (row 75).
    package static func lines(_ text: String) -> [String] {
        var result: [String] = []
        var line: [UInt8] = []
        var previous: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\n") where previous == UInt8(ascii: "\r"):
                break
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                result += encode(line)
                line = []
            default:
                line.append(byte)
            }
            previous = byte
        }
        if !line.isEmpty { result += encode(line) }
        return result
    }

    /// One line, in pieces of at most 76 characters of which all but the last end in a soft break.
    private static func encode(_ line: [UInt8]) -> [String] {
        var pieces: [String] = []
        var piece: [UInt8] = []
        for (index, byte) in line.enumerated() {
            let isBlank = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
            let isLast = index == line.count - 1
            let isPlain = (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "=") || isBlank && !isLast
            let encoded = isPlain ? [byte] : [UInt8(ascii: "="), hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
            if piece.count + encoded.count > (isLast ? 76 : 75) {
                pieces.append(String(decoding: piece + [UInt8(ascii: "=")], as: UTF8.self))
                piece = []
            }
            piece += encoded
        }
        pieces.append(String(decoding: piece, as: UTF8.self))
        return pieces
    }
}
