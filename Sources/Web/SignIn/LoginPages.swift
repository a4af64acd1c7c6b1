import Accounts
import HTTPTypes
import Hummingbird
import Platform

/// The login form: `GET` and `POST /login`.
struct LoginPages {
    let signIn: SignIn
    let captchas: FormCaptchas
    let pages: PageRenderer
    let cookies: SessionCookies
    let guardian: OriginGuard

    func show(_ request: Request, context: PageContext) throws -> Response {
        guard context.visit.session?.user == nil else { return Redirection(to: "/").response() }
        let notice = context.visit.gone?.sentence(signIn.sessions.limits) ?? Arrival(request, guardian)?.sentence
        return try render(context, notice: notice)
    }

    func submit(_ request: Request, context: PageContext) async throws -> Response {
        let session = try context.session()
        guard session.user == nil else { return Redirection(to: "/").response() }
        let form = context.form
        let login = try form.text("login")
        guard let answer = try FormCaptchas.answer(in: form) else { return try unsolved(login, context) }
        let attempt = LoginAttempt(
            login: login, password: try form.secret("password"), captcha: answer.captcha, answer: answer.text)
        switch try await signIn.begin(attempt, in: session, context.visit.visitor) {
        case .challenged(let next, _): return Redirection(to: "/login/code").response(cookies.set(next))
        case .unsolved: return try unsolved(login, context)
        case .refused: return try refused(login, context)
        case .throttled(let retryAfter): throw APIError.throttled("Too many tries", retryAfter: retryAfter)
        }
    }

    /// The one answer to an unknown user, a wrong password and a locked account.
    private func refused(_ login: String, _ context: PageContext) throws -> Response {
        let errors = PageErrors(
            title: "These details did not match",
            "Check your name and your password, and try again. After many tries a pause helps, or a new password.")
        return try render(context, .init(login: login), errors: errors, status: .unprocessableContent)
    }

    private func unsolved(_ login: String, _ context: PageContext) throws -> Response {
        try render(
            context, .init(login: login, captchaError: CaptchaField.error), errors: PageErrors(fields: ["captcha": CaptchaField.error]),
            status: .unprocessableContent)
    }

    private func render(
        _ context: PageContext, _ form: LoginPage.Form = .init(), notice: String? = nil, errors: PageErrors? = nil,
        status: HTTPResponse.Status = .ok
    ) throws -> Response {
        let session = try context.session()
        let page = LoginPage(form: form, captcha: captchas.make(for: session, on: "/login"))
        return pages.render(.login, page, in: PageFrame(session, errors: errors, notice: notice), status: status)
    }
}
