import Accounts
import HTTPTypes
import Hummingbird

/// Finds out whose browser a request comes from, and renews the session's idle limit if a person has sent it.
///
/// What changes something may have been made up by another site: it renews nothing before it was found to be ours, by `renew`.
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
        guard let ticket = cookies.ticket(headers) else { return Visit(visitor: visitor) }
        switch try await sessions.touch(ticket, isActivity: isActivity(request) && !request.changesSomething) {
        case .live(let session): return Visit(visitor: visitor, session: session)
        case .gone(let end): return Visit(visitor: visitor, gone: GoneSession(ticket, end))
        }
    }

    /// Renews the session of a request that changes something, now that it is known to come from one of our pages.
    func renew(_ visit: Visit, by request: Request) async throws -> Visit {
        guard let session = visit.session, isActivity(request) else { return visit }
        switch try await sessions.touch(session.ticket, isActivity: true) {
        case .live(let session): return Visit(visitor: visit.visitor, session: session)
        case .gone(let end): return Visit(visitor: visit.visitor, gone: GoneSession(session.ticket, end))
        }
    }

    private func isActivity(_ request: Request) -> Bool {
        sender == .person && !request.headers.isFromScript && !request.headers.isFromElsewhere
    }
}

extension HTTPFields {
    /// Whether a script or the browser itself says that no person has asked for this.
    fileprivate var isFromScript: Bool {
        self[.background] == "1" || self[.purpose]?.contains("prefetch") == true
    }

    /// Whether the browser says that another site has caused this, other than by a link that a person has followed: what opens our pages
    /// again and again must not keep anybody logged in.
    fileprivate var isFromElsewhere: Bool {
        guard let site = self[.secFetchSite], site != "same-origin", site != "none" else { return false }
        return self[.secFetchMode] != "navigate" || self[.secFetchUser] != "?1"
    }
}

extension HTTPField.Name {
    static let background = Self("X-Sluice-Background")!
    static let purpose = Self("Sec-Purpose")!
    static let secFetchMode = Self("Sec-Fetch-Mode")!
    static let secFetchUser = Self("Sec-Fetch-User")!
}
