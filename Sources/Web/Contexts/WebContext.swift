import Accounts
import Hummingbird
import NIOCore
import Platform

/// The context that every request starts with. Who sent it is not known yet, or nobody.
struct WebContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    /// By token or by session.
    var user: Caller?
    /// Where a browser's cookies were looked at.
    var visit: Visit?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// Somebody who has proved who they are.
struct Caller: Sendable {
    let id: UserID
    let credential: Credential

    /// Whether what they were let in by is good for this: a session is for everything, a token for its scopes.
    func may(_ scope: TokenScope) -> Bool {
        switch credential {
        case .session: true
        case .token(let user): user.scopes.contains(scope)
        }
    }
}

/// The context of routes that need a user: without one it cannot be made.
struct UserContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    let user: Caller

    /// - Throws: `APIError.tokenMissing`, or why there is no session any more.
    init(context: WebContext) throws {
        guard let user = context.user else { throw context.visit.map(APIError.notSignedIn) ?? .tokenMissing }
        coreContext = context.coreContext
        channel = context.channel
        self.user = user
    }
}
