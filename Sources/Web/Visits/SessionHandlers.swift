import Accounts
import Hummingbird

/// How long the session lasts, for scripts: `GET /session`, and `POST /session/stay` to go on.
struct SessionHandlers {
    let guardian: OriginGuard

    /// What a person asks for who wants to go on; that the request was made has renewed the session.
    func stay(_ request: Request, context: PageContext) throws -> Response {
        guard let session = context.visit.session else { throw APIError.notSignedIn(context.visit) }
        try guardian.checkSite(request)
        try guardian.checkToken(request.headers[.csrfToken], of: session)
        return try get(request, context: context)
    }

    func get(_ request: Request, context: PageContext) throws -> Response {
        guard let session = context.visit.session else { throw APIError.notSignedIn(context.visit) }
        return JSONResponse.make { json in
            json.object { json in
                json.member("state", session.state.name)
                json.member("idleEndsAt", milliseconds: PageTime.milliseconds(session.idleEnd))
                json.member("absoluteEndsAt", milliseconds: PageTime.milliseconds(session.absoluteEnd))
            }
        }
    }
}

extension Session.State {
    fileprivate var name: String {
        switch self {
        case .anonymous: "anonymous"
        case .awaitingCode: "awaitingCode"
        case .signedIn: "signedIn"
        }
    }
}
