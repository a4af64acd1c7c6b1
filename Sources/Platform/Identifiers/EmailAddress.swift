/// The address of a mailbox, `local@domain` in ASCII: the one rule for what is registered, configured and mailed to.
///
/// A dot-atom on the left and labels on the right (RFC 5321, section 4.1.2, without quoted forms and address literals), at most 254 bytes
/// (section 4.5.3.1): it can become neither two recipients nor two lines.
public struct EmailAddress: Sendable, Hashable {
    public let text: String
    /// What follows the `@`.
    public let domain: String

    /// - Returns: nil for any other text.
    public init?(_ text: String) {
        guard (3...254).contains(text.utf8.count) else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count <= 64, Self.areAll(parts[0], Self.isAtom), Self.areAll(parts[1], Self.isLabel) else {
            return nil
        }
        self.text = text
        domain = String(Substring(parts[1]))
    }

    /// Whether all that stands between dots is of a kind.
    private static func areAll(_ text: Substring.UTF8View, _ isAllowed: (Substring.UTF8View) -> Bool) -> Bool {
        text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy(isAllowed)
    }

    /// RFC 5322, section 3.2.3.
    private static func isAtom(_ part: Substring.UTF8View) -> Bool {
        !part.isEmpty && part.allSatisfy { isAlphanumeric($0) || "!#$%&'*+-/=?^_`{|}~".utf8.contains($0) }
    }

    /// RFC 1123, section 2.1.
    private static func isLabel(_ part: Substring.UTF8View) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...63).contains(part.count) && part.first != hyphen && part.last != hyphen
            && part.allSatisfy { isAlphanumeric($0) || $0 == hyphen }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
