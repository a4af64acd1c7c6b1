import Accounts
import HTTPTypes
import Hummingbird

/// The form for a new account: `GET` and `POST /register`.
struct RegisterPages {
    let registration: Registration
    let captchas: FormCaptchas
    let pages: PageRenderer

    func show(_ request: Request, context: PageContext) throws -> Response {
        guard context.visit.session?.user == nil else { return Redirection(to: "/").response() }
        return try render(.init(), context, status: .ok)
    }

    func submit(_ request: Request, context: PageContext) async throws -> Response {
        let fields = context.form
        var form = RegisterPage.Form(
            name: try fields.text("name"), fullName: try fields.text("full_name"), email: try fields.text("email"))
        let wish = Registration.Form(
            name: form.name, email: form.email, fullName: form.fullName, password: try fields.secret("password"))
        // What can be said without asking anybody needs no captcha.
        form.note(wish.problems)
        if form.errors == nil, try await !captchas.isSolved(context) { form.captchaError = CaptchaField.error }
        guard form.errors == nil else { return try render(form, context, status: .unprocessableContent) }
        switch try await registration.register(wish, network: context.visit.visitor.network) {
        case .accepted: return Redirection(to: Arrival.registered.path("/login")).response()
        case .refused(let problems):
            form.note(problems)
            return try render(form, context, status: .unprocessableContent)
        case .throttled(let retryAfter): throw APIError.throttled("Too many accounts were asked for", retryAfter: retryAfter)
        }
    }

    private func render(_ form: RegisterPage.Form, _ context: PageContext, status: HTTPResponse.Status) throws -> Response {
        let session = try context.session()
        let page = RegisterPage(form: form, captcha: captchas.make(for: session, on: "/register"))
        return pages.render(.register, page, in: PageFrame(session, errors: form.errors), status: status)
    }
}
