import Accounts
import Hummingbird
import Platform

/// Lets browsers call the API with the cookie of a session in which somebody is signed in.
///
/// A request with the field Authorization is none of its business, whatever cookies it has: the two ways in are never mixed. What
/// reads needs the cookie alone, because links, pictures and event streams can send nothing else; what changes something has to come
/// from one of our own pages.
struct SessionAuthentication: RouterMiddleware {
    typealias Context = WebContext

    let reading: VisitReading
    let guardian: OriginGuard

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        guard !request.headers.contains(.authorization), reading.cookies.ticket(request.headers) != nil else {
            return try await next(request, context)
        }
        try HostCheck(address: guardian.address).check(request)
        // Before anything is asked: a request that another site has made up renews nothing.
        try guardian.checkSite(request)
        var visit = try await reading.read(request, context)
        if request.changesSomething, let session = visit.session, session.user != nil {
            try guardian.checkToken(request.headers[.csrfToken], of: session)
            visit = try await reading.renew(visit, by: request)
        }
        var context = context
        context.visit = visit
        if let session = visit.session, let user = session.user { context.user = Caller(id: user.id, credential: .session(session)) }
        return try await next(request, context)
    }
}
