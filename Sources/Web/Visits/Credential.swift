import Accounts

/// By what somebody was let in. What lasts asks again whether it still counts.
enum Credential: Sendable {
    case session(Session)
    case token(AuthenticatedUser)
}
