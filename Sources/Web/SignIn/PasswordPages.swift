import Accounts
import HTTPTypes
import Hummingbird

/// Setting a password without the old one: `/password/forgot` and `/password/reset`.
struct PasswordPages {
    let resets: PasswordResets
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
        switch try await resets.request(login: login, visitor: context.visit.visitor) {
        case .accepted:
            let notice = "If we know you, a mail is on its way. Look in the junk folder too."
            return pages.render(.forgot, ForgotPage(), in: PageFrame(session, notice: notice))
        case .throttled(let retryAfter): throw APIError.throttled("Too many links were asked for", retryAfter: retryAfter)
        }
    }

    /// The token of a link goes into a cookie at once and the browser on to an address without it, since addresses stay in histories, and
    /// are logged and shared (ASVS 14.2.1).
    func showReset(_ request: Request, context: PageContext) async throws -> Response {
        if let text = try QueryParameters(request.uri.query).single("token") {
            guard let token = OpaqueToken(text) else { return isOver }
            return Redirection(to: "/password/reset").response(cookies.set(reset: token))
        }
        guard let token = cookies.resetToken(request.headers), try await resets.isUsable(token) else { return isOver }
        return pages.render(.reset, ResetPage(), in: PageFrame(try context.session()))
    }

    func submitReset(_ request: Request, context: PageContext) async throws -> Response {
        let (form, visitor) = (context.form, context.visit.visitor)
        guard let token = cookies.resetToken(request.headers) else { return isOver }
        switch try await resets.complete(token, password: try form.secret("password"), visitor: visitor) {
        case .done(let device):
            return Redirection(to: Arrival.reset.path("/login")).response(cookies.set(device: device), cookies.clearReset())
        case .refused: return isOver
        case .unacceptable(let problem):
            let page = ResetPage(form: .init(passwordError: problem.sentence))
            let errors = PageErrors(fields: ["password": problem.sentence])
            return pages.render(.reset, page, in: PageFrame(try context.session(), errors: errors), status: .unprocessableContent)
        }
    }

    private var isOver: Response {
        let message = MessagePage.Message(
            title: "This link no longer works", text: "It works once, for 30 minutes, and only the last one that was asked for.",
            action: .init(href: "/password/forgot", label: "Ask for another"), other: .init(href: "/login", label: "Log in"))
        var response = pages.render(message, status: .gone)
        response.headers.append(cookies.clearReset())
        return response
    }
}
