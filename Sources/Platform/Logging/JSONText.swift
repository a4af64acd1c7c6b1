/// Builds JSON byte by byte, without Foundation: a line of the log, the answer to a probe, the body of a response.
///
/// Control bytes, including DEL and the C1 set that terminals obey, line separators and bidirectional controls come out
/// as escapes: whatever a peer put into a name, the line stays one line and reads as it is written (RFC 8259, section 7).
/// So does `<`, so that no text can end the `<script>` element of a page that shows it.
package struct JSONText: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    /// Syntax: braces, commas, numbers, literals.
    package mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    package mutating func number(_ value: some BinaryInteger) {
        bytes.append(contentsOf: String(value).utf8)
    }

    /// The present, unquoted.
    package mutating func time() {
        Timestamp.append(to: &bytes)
    }

    /// One byte of syntax.
    package mutating func raw(_ byte: UInt8) {
        bytes.append(byte)
    }

    /// A moment as a quoted string (RFC 3339).
    ///
    /// - Parameter milliseconds: since 1970-01-01 UTC.
    package mutating func time(milliseconds: Int64) {
        bytes.append(UInt8(ascii: "\""))
        Timestamp.append(milliseconds: milliseconds, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// A quoted string, cut after `limit` bytes of it; nil for all of it.
    package mutating func string(_ text: String, limit: Int? = nil) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        let isPlain = text.withUTF8 { utf8 in
            guard utf8.count <= limit ?? .max, utf8.allSatisfy(Self.isPlain) else { return false }
            bytes.append(contentsOf: utf8)
            return true
        }
        if !isPlain { escape(text, limit: limit) }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "<")
    }

    private mutating func escape(_ text: String, limit: Int?) {
        let end = limit.map { bytes.count + $0 } ?? .max
        for scalar in text.unicodeScalars {
            guard bytes.count < end else { return bytes.append(contentsOf: "…".utf8) }
            switch scalar.value {
            case 0x22, 0x5C:
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(UInt8(scalar.value))
            case 0x0A: raw("\\n")
            case 0x0D: raw("\\r")
            case 0x09: raw("\\t")
            case 0..<0x20, 0x3C, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069:
                raw("\\u")
                for shift in [12, 8, 4, 0] {
                    let digit = UInt8(truncatingIfNeeded: scalar.value >> UInt32(shift) & 0xF)
                    bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
                }
            default: bytes.append(contentsOf: String(scalar).utf8)
            }
        }
    }
}
