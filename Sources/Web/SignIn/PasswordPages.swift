import Accounts
import HTTPTypes
import Hummingbird

/// Setting a password without the old one: `/password/forgot` and `/password/reset`.
struct PasswordPages {
    let resets: PasswordResets
    let users: UserStore
    let pages: PageRenderer
    let cookies: SessionCookies

    func showForgot(_ request: Request, context: PageContext) throws -> Response {
        pages.render(.forgot, ForgotPage(), in: PageFrame(try context.session()))
    }

    /// The same answer for whoever is known and whoever is not.
    func submitForgot(_ request: Request, context: PageContext) async throws -> Response {
        let session = try context.session()
        let login = try context.form.text("login")
        guard !login.isEmpty else {
            let sentence = "Tell us your user name or your address."
            let page = ForgotPage(form: .init(loginError: sentence))
            return pages.render(
                .forgot, page, in: PageFrame(session, errors: PageErrors(fields: ["login": sentence])), status: .unprocessableContent)
        }
        // The link goes to the address that is stored; a name without a user counts as an address that nobody has.
        let address = try await users.find(name: login)?.email ?? login
        switch try await resets.request(address: address, visitor: context.visit.visitor) {
        case .accepted:
            let notice = "If we know you, a mail is on its way. Look in the junk folder too."
            return pages.render(.forgot, ForgotPage(), in: PageFrame(session, notice: notice))
        case .throttled(let retryAfter): throw APIError.throttled("Too many links were asked for", retryAfter: retryAfter)
        }
    }

    func showReset(_ request: Request, context: PageContext) async throws -> Response {
        guard let text = try QueryParameters(request.uri.query).single("token"), let token = OpaqueToken(text),
            try await resets.isUsable(token)
        else { return isOver }
        return pages.render(.reset, ResetPage(reset: .init(token: text)), in: PageFrame(try context.session()))
    }

    func submitReset(_ request: Request, context: PageContext) async throws -> Response {
        let (form, visitor) = (context.form, context.visit.visitor)
        let text = try form.text("token")
        guard let token = OpaqueToken(text) else { return isOver }
        switch try await resets.complete(token, password: try form.secret("password"), visitor: visitor) {
        case .done(let device): return Redirection(to: Arrival.reset.path("/login")).response(cookies.set(device: device))
        case .refused: return isOver
        case .unacceptable(let problem):
            let page = ResetPage(reset: .init(token: text), form: .init(passwordError: problem.sentence))
            let errors = PageErrors(fields: ["password": problem.sentence])
            return pages.render(.reset, page, in: PageFrame(try context.session(), errors: errors), status: .unprocessableContent)
        }
    }

    private var isOver: Response {
        let message = MessagePage.Message(
            title: "This link no longer works", text: "It works once, for 30 minutes, and only the last one that was asked for.",
            action: .init(href: "/password/forgot", label: "Ask for another"))
        return pages.render(message, status: .gone)
    }
}
