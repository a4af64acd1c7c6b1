import Accounts
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Platform

/// One's own account: `GET /account`, and what is changed there.
struct AccountPages {
    let signIn: SignIn
    let tokens: TokenStore
    let pages: PageRenderer
    let cookies: SessionCookies
    let address: PublicAddress

    func show(_ request: Request, context: MemberContext) async throws -> Response {
        try await render(context, notice: Arrival(request, OriginGuard(address: address))?.sentence)
    }

    func changePassword(_ request: Request, context: MemberContext) async throws -> Response {
        let (old, new) = (try context.form.secret("current_password"), try context.form.secret("password"))
        var form = AccountPage.Form()
        switch try await signIn.changePassword(from: old, to: new, in: context.session, context.visitor) {
        case .changed(let next): return Redirection(to: Arrival.password.path("/account")).response(cookies.set(next))
        case .changedAfterEnd: throw Redirection(to: Arrival.reset.path("/login"))
        case .overtaken: throw Redirection(to: Arrival.overtaken.path("/account"))
        case .refused: form.currentPasswordError = Self.wrongPassword
        case .unacceptable(let problem): form.passwordError = problem.sentence
        case .throttled(let retryAfter): throw APIError.throttled("Too many tries", retryAfter: retryAfter)
        }
        return try await render(context, form: form, status: .unprocessableContent)
    }

    func endSession(_ request: Request, context: MemberContext) async throws -> Response {
        // One that has ended meanwhile is what was asked for.
        try await signIn.end(context.parameters.get("number") ?? "", by: context.session, context.visitor)
        return Redirection(to: Arrival.session.path("/account")).response()
    }

    func endOtherSessions(_ request: Request, context: MemberContext) async throws -> Response {
        try await signIn.endOthers(than: context.session, context.visitor)
        return Redirection(to: Arrival.sessions.path("/account")).response()
    }

    /// The one answer that holds the token, hence no redirection.
    func addToken(_ request: Request, context: MemberContext) async throws -> Response {
        let name = try context.form.text("token_name")
        let lifetime = Int(try context.form.text("token_days")).flatMap { TokenLifetime(rawValue: $0) } ?? .standard
        let scopes = Set(try TokenScope.allCases.filter { try context.form.text($0.field) == "yes" })
        var form = AccountPage.Form(tokenName: name, lifetime: lifetime, scopes: scopes)
        // Before the password, of which each try counts.
        if !TokenStore.isName(name) { form.tokenNameError = "A name has 1 to 64 characters and stands on one line." }
        if scopes.isEmpty { form.tokenScopesError = "A token that may do nothing is of no use. Tick at least one." }
        guard form.errors == nil else {
            return try await render(context, form: form, status: .unprocessableContent)
        }
        let password = try context.form.secret("token_password")
        switch try await signIn.check(password, orRecord: .tokenRefused, in: context.session, context.visitor) {
        case .right(let proof):
            do {
                // Without a token the password was changed since it was typed, and is not the user's any more.
                if let token = try await tokens.add(by: proof, name: name, scopes: scopes, expiresAt: lifetime.end(from: Date())) {
                    return try await render(context, newToken: token.reveal())
                }
                form.tokenPasswordError = Self.wrongPassword
            } catch let error as AccountsError where error.code == .tooManyTokens {
                form.tokenNameError = "You have \(TokenStore.limit) tokens, and more are not possible. Revoke one first."
            }
        case .wrong: form.tokenPasswordError = Self.wrongPassword
        case .throttled(let retryAfter): throw APIError.throttled("Too many tries", retryAfter: retryAfter)
        }
        return try await render(context, form: form, status: .unprocessableContent)
    }

    func revokeToken(_ request: Request, context: MemberContext) async throws -> Response {
        guard let number = context.parameters.get("number").flatMap({ Int64($0) }) else { throw APIError.notFound }
        _ = try await tokens.revoke(number, user: context.user.id, network: context.visitor.network)
        return Redirection(to: Arrival.token.path("/account")).response()
    }

    private static let wrongPassword = "This is not your password."

    private func render(
        _ context: MemberContext, form: AccountPage.Form = .init(), newToken: String? = nil, notice: String? = nil,
        status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        guard let user = try await signIn.users.find(context.user.id) else { throw Redirection(to: "/login") }
        let sessions = try await signIn.sessions.list(of: context.user.id, current: context.session.ticket)
        let page = AccountPage(
            user, sessions: sessions, tokens: try await tokens.list(user: user.id), newToken: newToken, origin: address.origin, form: form,
            now: Date())
        return pages.render(.account, page, in: PageFrame(context.session, errors: form.errors, notice: notice), status: status)
    }
}
