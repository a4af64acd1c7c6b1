import Accounts

/// Asks whether somebody who was let in may go on with what they do.
struct Attendance: Sendable {
    private enum Mark {
        case session(SessionTrace)
        case token(AuthenticatedUser)
    }

    private var mark: Mark
    private let sessions: SessionStore
    private let tokens: TokenStore

    init(_ credential: Credential, sessions: SessionStore, tokens: TokenStore) {
        mark =
            switch credential {
            case .session(let session): .session(SessionTrace(session))
            case .token(let user): .token(user)
            }
        (self.sessions, self.tokens) = (sessions, tokens)
    }

    /// - Parameter isActivity: whether a person does it, which renews the idle limit of a session.
    /// - Returns: why they may not; nil where they may. A store that does not answer is no reason to end what was let in: the upload
    ///   needs it at the end anyway.
    mutating func refusal(isActivity: Bool) async -> APIError? {
        switch mark {
        case .session(var trace):
            guard let end = try? await sessions.follow(&trace, isActivity: isActivity) else {
                mark = .session(trace)
                return nil
            }
            return .sessionEnded(end)
        case .token(let user):
            let isLive = try? await tokens.isLive(user)
            return isLive == false ? .tokenRefused : nil
        }
    }
}
