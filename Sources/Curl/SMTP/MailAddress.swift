import Platform

/// An address, with the name to show beside it if there is one.
public struct MailAddress: Hashable, Sendable {
    private let mailbox: EmailAddress
    public let name: String?

    /// - Throws: `.fatal` for what is no `EmailAddress`, hence for anything that could be more than one plain address (row 74), and for
    ///   a control character in the name.
    public init(_ address: String, name: String? = nil) throws(SMTPError) {
        guard let mailbox = EmailAddress(address) else { throw SMTPError(.fatal, message: "not a plain mail address") }
        if let name {
            guard CommandText.isSafe(name), name.utf8.count <= 200 else {
                throw SMTPError(.fatal, message: "a name with control characters, or too long")
            }
        }
        self.mailbox = mailbox
        self.name = name
    }

    public var address: String { mailbox.text }
    /// What follows the `@`.
    public var domain: String { mailbox.domain }
}
