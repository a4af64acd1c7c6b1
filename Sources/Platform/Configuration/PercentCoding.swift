/// Percent-encoding of URL parts, query strings and forms (RFC 3986, section 2.1).
package enum PercentCoding {
    /// Why a text cannot be decoded.
    package enum Failure: Error {
        /// `%` without two hexadecimal digits.
        case malformed
        /// A control character, encoded or not.
        case controlCharacter
        /// Bytes that are not UTF-8.
        case invalidUTF8
    }

    /// Decodes exactly once. Broken escapes, bytes that are not UTF-8 and control characters (NUL among them, encoded or not) are
    /// errors, so no later stage can see a second meaning.
    ///
    /// - Parameter plusIsSpace: as in query strings and forms; false for other parts of a URL.
    package static func decode(_ text: some Sequence<UInt8>, plusIsSpace: Bool = false) throws(Failure) -> String {
        let bytes = try bytes(of: text, plusIsSpace: plusIsSpace)
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { throw .controlCharacter }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw .invalidUTF8 }
        return decoded
    }

    /// Decodes exactly once, whatever comes out.
    ///
    /// - Throws: `.malformed`.
    package static func bytes(of text: some Sequence<UInt8>, plusIsSpace: Bool = false) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.underestimatedCount)
        var rest = text.makeIterator()
        while var byte = rest.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.next().flatMap(hexadecimal), let low = rest.next().flatMap(hexadecimal) else { throw .malformed }
                byte = high << 4 | low
            } else if byte == UInt8(ascii: "+"), plusIsSpace {
                byte = UInt8(ascii: " ")
            }
            bytes.append(byte)
        }
        return bytes
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
