import Accounts
import HTTPTypes
import Hummingbird

/// The form that asks for a link to set a password: `GET` and `POST /password/forgot`.
struct ForgotPages {
    let resets: PasswordResets
    let captchas: FormCaptchas
    let pages: PageRenderer

    func show(_ request: Request, context: PageContext) throws -> Response {
        try render(.init(), context)
    }

    /// The same answer for whoever is known and whoever is not.
    func submit(_ request: Request, context: PageContext) async throws -> Response {
        var form = ForgotPage.Form(login: try context.form.text("login"))
        if form.login.isEmpty {
            form.loginError = "Tell us your user name or your address."
        } else if try await !captchas.isSolved(context) {
            form.captchaError = CaptchaField.error
        }
        guard form.errors == nil else { return try render(form, context, status: .unprocessableContent) }
        switch try await resets.request(login: form.login, visitor: context.visit.visitor) {
        case .accepted:
            return try render(.init(), context, notice: "If we know you, a mail is on its way. Look in the junk folder too.")
        case .throttled(let retryAfter): throw APIError.throttled("Too many links were asked for", retryAfter: retryAfter)
        }
    }

    private func render(
        _ form: ForgotPage.Form, _ context: PageContext, notice: String? = nil, status: HTTPResponse.Status = .ok
    ) throws -> Response {
        let session = try context.session()
        let page = ForgotPage(form: form, captcha: captchas.make(for: session, on: "/password/forgot"))
        return pages.render(.forgot, page, in: PageFrame(session, errors: form.errors, notice: notice), status: status)
    }
}
