import Accounts
import FoundationEssentials
import Hummingbird

/// How long the session lasts, for scripts: `GET /session`, and `POST /session/stay` to go on.
struct SessionHandlers {
    let guardian: OriginGuard
    let reading: VisitReading

    /// What a person asks for who wants to go on.
    func stay(_ request: Request, context: PageContext) async throws -> Response {
        guard let session = context.visit.session else { throw APIError.notSignedIn(context.visit) }
        try guardian.checkSite(request)
        try guardian.checkToken(request.headers[.csrfToken], of: session)
        return try answer(await reading.renew(context.visit, by: request))
    }

    func get(_ request: Request, context: PageContext) throws -> Response {
        try answer(context.visit)
    }

    private func answer(_ visit: Visit) throws -> Response {
        guard let session = visit.session else { throw APIError.notSignedIn(visit) }
        return JSONResponse.make { json in
            json.object { json in
                json.member("state", session.state.name)
                json.member("now", milliseconds: PageTime.milliseconds(Date()))
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
