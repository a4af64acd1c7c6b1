import Accounts
import Hummingbird
import Platform

/// Why a page is shown after something was done, as the address of the page says: a word of ours, never text.
enum Arrival: String {
    case registered, reset, logout, resent, password, overtaken, session, sessions, token

    /// - Parameter request: with the field `from` in its query.
    /// - Returns: nil for any other query, and where another site's link or one in a mail has led here, as it could claim anything.
    init?(_ request: Request, _ guardian: OriginGuard) {
        guard guardian.isFromHere(request), let query = request.uri.query, let word = query.split(separator: "=").last,
            query == "from=\(word)"
        else { return nil }
        self.init(rawValue: String(word))
    }

    /// The path of a page together with this.
    func path(_ page: String) -> String { "\(page)?from=\(rawValue)" }

    var sentence: String {
        switch self {
        case .registered:
            "Thank you. Log in with your new account. If that fails, look into your mail: your address may have had one already."
        case .reset: "Your new password is set. Log in with it."
        case .logout: "You are logged out."
        case .resent: "Another code is on its way. The one before no longer works."
        case .password: "Your password was changed, and every other session has ended."
        case .overtaken: "Another change of your password came first, and this one has changed nothing."
        case .session: "The session was ended."
        case .sessions: "All other sessions were ended."
        case .token: "The token was revoked."
        }
    }
}
