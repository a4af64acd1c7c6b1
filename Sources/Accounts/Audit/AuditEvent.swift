public import FoundationEssentials
public import Platform

/// Something that happened to an account.
public struct AuditEvent: Sendable, Identifiable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case registered
        /// Somebody tried to register with the user's address.
        case registrationRefused = "registration-refused"
        case loginRefused = "login-refused"
        case codeSent = "code-sent"
        case codeRefused = "code-refused"
        case signedIn = "signed-in"
        case signedOut = "signed-out"
        case sessionsEnded = "sessions-ended"
        case passwordChanged = "password-changed"
        case passwordChangeRefused = "password-change-refused"
        case resetRequested = "reset-requested"
        case passwordReset = "password-reset"
        case tokenMade = "token-made"
        case tokenRefused = "token-refused"
        case tokenRevoked = "token-revoked"
        case disabled, enabled
    }

    public let id: Int64
    public let at: Date
    /// Nil for a kind of another version.
    public let kind: Kind?
    /// Nobody, where it is not known who was meant.
    public let user: UserID?
    /// The address of the client; `operator` for what was done at the command line.
    public let network: String
    /// What else there is to say, in words of ours: `reason=asked token=3`. May be empty.
    public let detail: String
}
