public import FoundationEssentials

/// One message to one recipient.
public struct MailMessage: Sendable {
    public let from: MailAddress
    public let to: MailAddress
    public let subject: String
    public let text: String
    public let html: String?
    public let messageID: String
    public let date: Date

    /// - Parameters:
    ///   - subject: any text without control characters, at most 500 bytes.
    ///   - text: the plain body; line ends of any kind.
    ///   - html: the same as HTML; the message then has both as alternatives.
    ///   - messageID: `left@right`, stable over retries of the same message, so that a receiver can tell duplicates.
    /// - Throws: `.fatal` when a header could be broken out of (row 74).
    public init(
        from: MailAddress, to: MailAddress, subject: String, text: String, html: String? = nil, messageID: String, date: Date = Date()
    ) throws(SMTPError) {
        guard CommandText.isSafe(subject), subject.utf8.count <= 500 else {
            throw SMTPError(.fatal, message: "a subject with control characters, or too long")
        }
        guard (try? MailAddress(messageID)) != nil else { throw SMTPError(.fatal, message: "not a message identifier") }
        self.from = from
        self.to = to
        self.subject = subject
        self.text = text
        self.html = html
        self.messageID = messageID
        self.date = date
    }
}
