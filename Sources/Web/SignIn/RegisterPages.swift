import Accounts
import HTTPTypes
import Hummingbird

/// The form for a new account: `GET` and `POST /register`.
struct RegisterPages {
    let registration: Registration
    let pages: PageRenderer

    func show(_ request: Request, context: PageContext) throws -> Response {
        guard context.visit.session?.user == nil else { return Redirection(to: "/").response() }
        return pages.render(.register, RegisterPage(), in: PageFrame(try context.session()))
    }

    func submit(_ request: Request, context: PageContext) async throws -> Response {
        let session = try context.session()
        let fields = context.form
        var form = RegisterPage.Form(
            name: try fields.text("name"), fullName: try fields.text("full_name"), email: try fields.text("email"))
        let wish = Registration.Form(
            name: form.name, email: form.email, fullName: form.fullName, password: try fields.secret("password"))
        switch try await registration.register(wish, network: context.visit.visitor.network) {
        case .registered: return Redirection(to: Arrival.registered.path("/login")).response()
        case .refused(let problems):
            form.note(problems)
            return pages.render(
                .register, RegisterPage(form: form), in: PageFrame(session, errors: form.errors), status: .unprocessableContent)
        case .throttled(let retryAfter):
            throw APIError.throttled("Too many accounts were asked for from your network", retryAfter: retryAfter)
        }
    }
}
