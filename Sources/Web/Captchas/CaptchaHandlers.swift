import Accounts
import HTTPTypes
import Hummingbird

/// Captchas for forms: `GET /login/captcha` makes one, `GET /captcha/{id}.png` and `.wav` show and say it.
struct CaptchaHandlers {
    let captchas: CaptchaStore
    let media: CaptchaMedia

    /// A new one, for scripts; the form has one from the start.
    func make(_ request: Request, context: PageContext) async throws -> Response {
        let session = try context.session()
        let id = captchas.make(for: session)
        return JSONResponse.make { json in
            json.object { json in
                json.member("id", id.description)
                json.member("secondsLeft", CaptchaStore.lifetime.wholeSeconds)
            }
        }
    }

    func serve(_ request: Request, context: PageContext) async throws -> Response {
        let parts = context.parameters.get("file")?.split(separator: ".", omittingEmptySubsequences: false) ?? []
        guard parts.count == 2, let id = CaptchaID(String(parts[0])), let kind = CaptchaMedia.Kind(rawValue: String(parts[1])),
            let session = context.visit.session, let challenge = captchas.find(id, for: session)
        else { throw APIError.notFound }
        let visitor = context.visit.visitor
        let bytes = try await media.bytes(kind, of: challenge) { try await admit(visitor) }
        return Response(
            status: .ok, headers: [.contentType: kind.contentType, .crossOriginResourcePolicy: "same-origin"],
            body: ResponseBody(byteBuffer: bytes))
    }

    private func admit(_ visitor: Visitor) async throws -> ThrottleSubject {
        switch try await captchas.admitDrawing(for: visitor) {
        case .admitted(let holder): return holder
        case .throttled(let retryAfter): throw APIError.throttled("Too many pictures", retryAfter: retryAfter)
        }
    }
}
