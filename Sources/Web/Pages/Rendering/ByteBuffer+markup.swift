import NIOCore

extension ByteBuffer {
    /// Writes a text so that in HTML it stays one, between tags as well as in an attribute in quotes of either kind.
    ///
    /// The characters of markup are single bytes in UTF-8, and browsers look for them one code point after the other. So does this: a quote
    /// with an accent on it, which Swift takes for one character, is a quote.
    mutating func writeMarkup(escaping text: String) {
        var rest = text.utf8[...]
        while let special = rest.firstIndex(where: Self.isMarkup) {
            writeSubstring(Substring(rest[..<special]))
            writeStaticString(Self.entity(of: rest[special]))
            rest = rest[special...].dropFirst()
        }
        writeSubstring(Substring(rest))
    }

    @inline(__always)
    private static func isMarkup(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "&") || byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "\"")
            || byte == UInt8(ascii: "'")
    }

    /// - Parameter byte: of markup.
    private static func entity(of byte: UInt8) -> StaticString {
        switch byte {
        case UInt8(ascii: "&"): "&amp;"
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case UInt8(ascii: "\""): "&quot;"
        default: "&#39;"
        }
    }
}
