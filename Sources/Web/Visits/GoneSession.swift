import Accounts

/// A session that a browser's cookie names, and that has ended.
struct GoneSession: Sendable {
    let end: SessionEnd
    /// Whether somebody was signed in; else the code was awaited.
    let wasSignedIn: Bool

    /// - Returns: nil for a stranger's, who has lost nothing by its end.
    init?(_ ticket: SessionTicket, _ end: SessionEnd) {
        guard !ticket.isStranger else { return nil }
        self.end = end
        wasSignedIn = ticket.isMember
    }

    /// What the next page tells the person.
    func sentence(_ limits: SessionLimits) -> String {
        guard !wasSignedIn else { return end.sentence(limits) }
        // Why somebody else has ended it is nothing that the password alone lets anybody know.
        return switch end {
        case .idle, .absolute: "You took too long to enter the code. Please begin again."
        case .logout, .elsewhere, .password, .disabled, .byOperator, .replaced: "Logging in was broken off. Please begin again."
        }
    }
}

extension SessionEnd {
    fileprivate func sentence(_ limits: SessionLimits) -> String {
        switch self {
        case .idle: "You were logged out because nothing happened for \(PageTime.span(limits.idle.wholeSeconds))."
        case .absolute: "A session lasts at most \(PageTime.span(limits.lifetime.wholeSeconds)). Please log in again."
        case .logout: Arrival.logout.sentence
        case .elsewhere: "You were logged out from another of your sessions."
        case .password: "You were logged out because your password was changed."
        case .disabled: "You were logged out because your account was locked."
        case .byOperator: "You were logged out by whoever runs this site."
        case .replaced: "This session was replaced by another one. Please log in again."
        }
    }
}
