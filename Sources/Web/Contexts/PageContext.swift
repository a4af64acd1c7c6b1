import Accounts
import Hummingbird
import NIOCore

/// The context of pages: somebody before a browser, signed in or not.
struct PageContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    var visit: Visit
    /// Of a form that was sent.
    var form = FormFields()

    init(context: WebContext) throws {
        // Only a route in the wrong group has none.
        guard let visit = context.visit else { throw APIError.internalError }
        coreContext = context.coreContext
        channel = context.channel
        self.visit = visit
    }

    /// The session; on pages with a form there is always one.
    func session() throws -> Session {
        guard let session = visit.session else { throw APIError.forged }
        return session
    }
}

/// The context of pages that need somebody who is signed in: without it cannot be made.
struct MemberContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    let visitor: Visitor
    let session: Session
    let user: SignedInUser
    let form: FormFields

    /// - Throws: `Redirection`, to where one signs in.
    init(context: PageContext) throws {
        guard let session = context.visit.session, let user = session.user else { throw Redirection(to: context.visit.entrance) }
        coreContext = context.coreContext
        channel = context.channel
        visitor = context.visit.visitor
        form = context.form
        self.session = session
        self.user = user
    }
}

extension Visit {
    /// Where signing in goes on.
    var entrance: String {
        if case .awaitingCode = session?.state { "/login/code" } else { "/login" }
    }
}
