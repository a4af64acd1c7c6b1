/// Percent-encoding (RFC 3986, section 2.1; RFC 8187 for header parameters).
package enum PercentEncoding {
    /// Decodes exactly once. `%` without two hexadecimal digits, bytes that are not UTF-8 and control characters (NUL
    /// among them, encoded or not) are errors, so no later stage can see a second meaning.
    ///
    /// - Parameter plusIsSpace: as in query strings and forms; false for a path segment.
    package static func decode(_ text: some Sequence<UInt8>, plusIsSpace: Bool) throws(RequestSyntaxError) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.underestimatedCount)
        var iterator = text.makeIterator()
        while var byte = iterator.next() {
            if byte == .percent {
                guard let high = iterator.next()?.hexadecimalValue, let low = iterator.next()?.hexadecimalValue else {
                    throw RequestSyntaxError(.malformedPercentEncoding)
                }
                byte = high << 4 | low
            } else if byte == .plus, plusIsSpace {
                byte = .space
            }
            guard !byte.isControl else { throw RequestSyntaxError(.controlCharacter) }
            bytes.append(byte)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw RequestSyntaxError(.invalidUTF8) }
        return decoded
    }

    /// Encodes every byte that is not an `attr-char` (RFC 8187, section 3.2.1).
    package static func encodeAttribute(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte.isAttributeCharacter {
                bytes.append(byte)
            } else {
                bytes.append(.percent)
                bytes.append(digit(byte >> 4))
                bytes.append(digit(byte & 0xF))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }
}

extension UInt8 {
    /// `attr-char`: a token character other than `*`, `'` and `%`.
    fileprivate var isAttributeCharacter: Bool {
        isTokenCharacter && self != UInt8(ascii: "*") && self != UInt8(ascii: "'") && self != .percent
    }
}
