import Accounts
import Cryptography
import HTTPTypes
import Hummingbird

/// Setting a password by the link from a mail: `GET` and `POST /password/reset`.
struct ResetPages {
    let resets: PasswordResets
    let pages: PageRenderer
    let cookies: SessionCookies

    /// The token of a link goes into a cookie at once and the browser on to an address without it, since addresses stay in histories, and
    /// are logged and shared (ASVS 14.2.1).
    ///
    /// Any site can lead a browser here. One that does not work changes nothing, and of one that does the form says whose it is.
    func show(_ request: Request, context: PageContext) async throws -> Response {
        if let text = try QueryParameters(request.uri.query).single("token") {
            guard let token = OpaqueToken(text), try await resets.maskedAddress(of: token) != nil else { return isOver }
            return Redirection(to: "/password/reset").response(cookies.set(reset: token))
        }
        guard let token = cookies.resetToken(request.headers) else { return isOver }
        return try await render(token, .init(), context, status: .ok)
    }

    func submit(_ request: Request, context: PageContext) async throws -> Response {
        let (form, visitor) = (context.form, context.visit.visitor)
        guard let token = cookies.resetToken(request.headers) else { return isOver }
        // The person has seen whose password it is for that link alone.
        guard ConstantTime.areEqual(try form.text("link"), token.digest.description) else { return isAnother }
        switch try await resets.complete(token, password: try form.secret("password"), visitor: visitor) {
        case .done(let device):
            return Redirection(to: Arrival.reset.path("/login")).response(cookies.set(device: device), cookies.clearReset())
        case .refused: return forgotten
        case .unacceptable(let problem):
            return try await render(token, .init(passwordError: problem.sentence), context, status: .unprocessableContent)
        }
    }

    private func render(
        _ token: OpaqueToken, _ form: ResetPage.Form, _ context: PageContext, status: HTTPResponse.Status
    ) async throws -> Response {
        guard let address = try await resets.maskedAddress(of: token) else { return forgotten }
        let page = ResetPage(form: form, address: address, token: token)
        return pages.render(.reset, page, in: PageFrame(try context.session(), errors: form.errors), status: status)
    }

    private var isOver: Response {
        let message = MessagePage.Message(
            title: "This link no longer works", text: "It works once, for 30 minutes, and only the last one that was asked for.",
            action: .init(href: "/password/forgot", label: "Ask for another"), other: .init(href: "/login", label: "Log in"))
        return pages.render(message, status: .gone)
    }

    /// The same for the link in the cookie, which goes.
    private var forgotten: Response {
        var response = isOver
        response.headers.append(cookies.clearReset())
        return response
    }

    private var isAnother: Response {
        let message = MessagePage.Message(
            title: "Another link was opened meanwhile", text: "Nothing was changed. Open the link in your mail again.",
            action: .init(href: "/login", label: "Log in"))
        var response = pages.render(message, status: .conflict)
        response.headers.append(cookies.clearReset())
        return response
    }
}
