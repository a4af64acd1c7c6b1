import Accounts
import HTTPTypes
import Hummingbird

/// Finds out whose browser a request comes from, and renews the session's idle limit if a person has sent it.
struct VisitReading: RouterMiddleware {
    typealias Context = WebContext

    /// Who sends the requests of a route.
    enum Sender {
        /// People; scripts say with `X-Sluice-Background` when they act by themselves.
        case person
        /// Nobody who would have to be there: scripts that ask how things stand.
        case script
    }

    let sessions: SessionStore
    let cookies: SessionCookies
    let addresses: ClientAddresses
    let sender: Sender

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        var context = context
        context.visit = try await read(request, context)
        return try await next(request, context)
    }

    func read(_ request: Request, _ context: WebContext) async throws -> Visit {
        let headers = request.headers
        let visitor = Visitor(
            network: addresses.network(headers, peer: context.channel.remoteAddress), device: DeviceName.make(headers[.userAgent]),
            deviceToken: cookies.deviceToken(headers))
        guard let (ticket, isMember) = cookies.ticket(headers) else { return Visit(visitor: visitor) }
        switch try await sessions.touch(ticket, isActivity: sender == .person && !headers.isFromScript) {
        case .live(let session): return Visit(visitor: visitor, session: session)
        case .gone(let end): return Visit(visitor: visitor, end: isMember ? end : nil)
        }
    }
}

extension HTTPFields {
    /// Whether a script or the browser itself says that no person has asked for this.
    fileprivate var isFromScript: Bool {
        self[.background] == "1" || self[.purpose]?.contains("prefetch") == true
    }
}

extension HTTPField.Name {
    static let background = Self("X-Sluice-Background")!
    static let purpose = Self("Sec-Purpose")!
}
