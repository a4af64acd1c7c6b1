import Accounts
import Hummingbird

/// Opens a session for a browser that has none, so that the form it is about to get has a token to repeat. It costs nothing but a cookie.
struct SessionOpening: RouterMiddleware {
    typealias Context = PageContext

    let sessions: SessionStore
    let cookies: SessionCookies

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        guard context.visit.session == nil, !request.changesSomething else { return try await next(request, context) }
        var context = context
        let session = sessions.open()
        context.visit.session = session
        var response = try await next(request, context)
        response.headers.append(cookies.set(session))
        return response
    }
}
