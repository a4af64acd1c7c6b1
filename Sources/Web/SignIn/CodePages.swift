import Accounts
import FoundationEssentials
import HTTPTypes
import Hummingbird

/// The page that asks for the code from the mail: `GET` and `POST /login/code`, `POST /login/code/resend`; and what became of the mail,
/// for its script: `GET /login/code/mail`.
struct CodePages {
    let signIn: SignIn
    let pages: PageRenderer
    let cookies: SessionCookies
    let guardian: OriginGuard

    func show(_ request: Request, context: PageContext) async throws -> Response {
        try await render(try awaiting(context), notice: Arrival(request, guardian)?.sentence)
    }

    func submit(_ request: Request, context: PageContext) async throws -> Response {
        let session = try awaiting(context)
        switch try await signIn.confirm(try context.form.text("code"), in: session, context.visit.visitor) {
        case .signedIn(let next, let device):
            let known = device.map { [cookies.set(device: $0)] } ?? []
            return Redirection(to: "/").response([cookies.set(next)] + known)
        case .refused:
            let sentence = "This code does not work. Check it, or send another."
            return try await render(
                session, .init(codeError: sentence), errors: PageErrors(fields: ["code": sentence]), status: .unprocessableContent)
        }
    }

    func resend(_ request: Request, context: PageContext) async throws -> Response {
        let session = try awaiting(context)
        switch try await signIn.resend(in: session, context.visit.visitor) {
        case .sent: return Redirection(to: Arrival.resent.path("/login/code")).response()
        case .throttled(let retryAfter):
            let seconds = retryAfter.wholeSeconds
            let errors = PageErrors(title: "Too many codes", "Another code can be sent in \(PageTime.span(seconds)).")
            var response = try await render(session, errors: errors, status: .tooManyRequests)
            response.headers[.retryAfter] = String(seconds)
            return response
        case .refused: return Redirection(to: "/login").response()
        }
    }

    /// Only the session that awaits the code is told anything.
    func mail(_ request: Request, context: PageContext) async throws -> Response {
        guard let session = context.visit.session, case .awaitingCode = session.state else { throw APIError.notSignedIn(context.visit) }
        guard let challenge = try await signIn.challenge(of: session), challenge.isOpen else { throw APIError.notFound }
        return JSONResponse.make { json in
            json.object { json in
                json.member("delivery", challenge.delivery?.rawValue)
                json.member("text", challenge.mailSentence)
            }
        }
    }

    /// - Throws: `Redirection` for a session that awaits no code.
    private func awaiting(_ context: PageContext) throws -> Session {
        guard let session = context.visit.session else { throw Redirection(to: "/login") }
        switch session.state {
        case .awaitingCode: return session
        case .anonymous: throw Redirection(to: "/login")
        case .signedIn: throw Redirection(to: "/")
        }
    }

    private func render(
        _ session: Session, _ form: CodePage.Form = .init(), notice: String? = nil, errors: PageErrors? = nil,
        status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        // Codes go without a trace only together with the right to ask for them.
        guard let challenge = try await signIn.challenge(of: session) else { throw Redirection(to: "/login") }
        let page = CodePage(form: form, challenge: .init(challenge, now: Date()))
        return pages.render(.code, page, in: PageFrame(session, errors: errors, notice: notice), status: status)
    }
}
