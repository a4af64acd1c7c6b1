public import FoundationEssentials

/// What the worker puts into a mail.
public struct ResetMail: Sendable {
    public let address: String
    public let token: OpaqueToken
    public let expiresAt: Date
}
