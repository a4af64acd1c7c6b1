import Accounts
import Hummingbird
import NIOCore

/// The context that every request starts with. Who sent it is not known yet, or nobody.
struct WebContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    var user: AuthenticatedUser?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// The context of routes that need a signed-in user: without one it cannot be made.
struct UserContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    let user: AuthenticatedUser

    /// - Throws: `APIError.tokenMissing`.
    init(context: WebContext) throws {
        guard let user = context.user else { throw APIError.tokenMissing }
        coreContext = context.coreContext
        channel = context.channel
        self.user = user
    }
}
