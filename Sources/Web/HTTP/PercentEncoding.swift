import Platform

/// Percent-encoding (RFC 3986, section 2.1; RFC 8187 for header parameters).
package enum PercentEncoding {
    /// Decodes exactly once (`PercentCoding`); what it refuses is the client's fault.
    ///
    /// - Parameter plusIsSpace: as in query strings and forms; false for a path segment.
    package static func decode(_ text: some Sequence<UInt8>, plusIsSpace: Bool) throws(RequestSyntaxError) -> String {
        try translated { () throws(PercentCoding.Failure) in try PercentCoding.decode(text, plusIsSpace: plusIsSpace) }
    }

    /// Decodes exactly once, whatever comes out.
    ///
    /// - Throws: for `%` without two hexadecimal digits.
    static func bytes(of text: some Sequence<UInt8>, plusIsSpace: Bool) throws(RequestSyntaxError) -> [UInt8] {
        try translated { () throws(PercentCoding.Failure) in try PercentCoding.bytes(of: text, plusIsSpace: plusIsSpace) }
    }

    private static func translated<T>(_ decode: () throws(PercentCoding.Failure) -> T) throws(RequestSyntaxError) -> T {
        do throws(PercentCoding.Failure) {
            return try decode()
        } catch {
            switch error {
            case .malformed: throw RequestSyntaxError(.malformedPercentEncoding)
            case .controlCharacter: throw RequestSyntaxError(.controlCharacter)
            case .invalidUTF8: throw RequestSyntaxError(.invalidUTF8)
            }
        }
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
