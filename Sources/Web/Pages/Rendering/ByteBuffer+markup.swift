import NIOCore

extension ByteBuffer {
    /// Writes a text so that in HTML it stays one, between tags as well as in an attribute in quotes of either kind.
    ///
    /// The characters of markup are single bytes in UTF-8, and browsers look for them one code point after the other. So does this: a quote
    /// with an accent on it, which Swift takes for one character, is a quote.
    mutating func writeMarkup(escaping text: String) {
        var rest = text.utf8[...]
        while let special = rest.firstIndex(where: { Self.entity(of: $0) != nil }), let entity = Self.entity(of: rest[special]) {
            writeSubstring(Substring(rest[..<special]))
            writeStaticString(entity)
            rest = rest[rest.index(after: special)...]
        }
        writeSubstring(Substring(rest))
    }

    private static func entity(of byte: UInt8) -> StaticString? {
        switch byte {
        case UInt8(ascii: "&"): "&amp;"
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case UInt8(ascii: "\""): "&quot;"
        case UInt8(ascii: "'"): "&#39;"
        default: nil
        }
    }
}
