public import FoundationEssentials

/// A code on its way, as the page that asks for it shows it.
public struct LoginChallenge: Sendable, Hashable {
    /// Tries per code.
    public static let triesAllowed = 5
    static let lifetime: Double = 300
    static let resendInterval: Double = 60

    public let id: LoginChallengeID
    /// Where the mail went, for instance `a…@example.org`.
    public let maskedAddress: String
    public let expiresAt: Date
    /// False once it was used, or another one has taken its place.
    public let isOpen: Bool
    public let triesLeft: Int
    /// From when on another code can be asked for.
    public let resendAt: Date
    /// What became of the mail, as far as it is known.
    public let delivery: MailDelivery?
}

/// What the worker puts into a mail.
public struct LoginMail: Sendable {
    public let address: String
    public let code: LoginCode
    public let expiresAt: Date
}
