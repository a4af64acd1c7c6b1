/// An address, with the name to show beside it if there is one.
public struct MailAddress: Hashable, Sendable {
    /// `local@domain`: ASCII, a dot-atom on the left, labels on the right (RFC 5321, 4.1.2, without the quoted form).
    public let address: String
    public let name: String?

    /// - Throws: `.fatal` for an address with CR, LF, NUL, a comma, angle brackets, blanks or more than 254 bytes, in short
    ///   for anything that could be more than one plain address (row 74), and for a control character in the name.
    public init(_ address: String, name: String? = nil) throws(SMTPError) {
        guard Self.isAddress(address) else { throw SMTPError(.fatal, message: "not a plain mail address") }
        if let name {
            guard CommandText.isSafe(name), name.utf8.count <= 200 else {
                throw SMTPError(.fatal, message: "a name with control characters, or too long")
            }
        }
        self.address = address
        self.name = name
    }

    /// What follows the `@`.
    public var domain: Substring { address.split(separator: "@")[1] }

    private static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard text.utf8.count <= 254, parts.count == 2, (1...64).contains(parts[0].utf8.count), !parts[1].isEmpty else { return false }
        let local = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let domain = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        return local.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isAtomText) }
            && domain.allSatisfy {
                (1...63).contains($0.utf8.count) && $0.first != "-" && $0.last != "-" && $0.utf8.allSatisfy(isLabelText)
            }
    }

    private static func isLabelText(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"):
            true
        default:
            false
        }
    }

    private static func isAtomText(_ byte: UInt8) -> Bool {
        isLabelText(byte) || "!#$%&'*+/=?^_`{|}~".utf8.contains(byte)
    }
}
