import Accounts
import HTTPTypes
import Hummingbird

/// Reads the form of a request that changes something, and lets it through only if it comes from one of our own pages.
struct FormReading: RouterMiddleware {
    typealias Context = PageContext

    let guardian: OriginGuard
    let reading: VisitReading

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        guard request.changesSomething else { return try await next(request, context) }
        try guardian.checkSite(request)
        let session = try session(of: context.visit)
        var context = context
        context.form = try await read(request, context)
        try guardian.checkToken(request.headers[.csrfToken] ?? context.form.text("csrf"), of: session)
        context.visit = try await reading.renew(context.visit, by: request)
        _ = try self.session(of: context.visit)
        return try await next(request, context)
    }

    private func session(of visit: Visit) throws -> Session {
        if let session = visit.session { return session }
        // Whoever was logged out meanwhile, or took too long, is told so, and not that the form is bad.
        throw visit.gone == nil ? APIError.forged : Redirection(to: visit.entrance)
    }

    private func read(_ request: Request, _ context: PageContext) async throws -> FormFields {
        guard request.hasBody else { return FormFields() }
        guard try request.headers[.contentType].map({ try MediaType($0).essence }) == FormFields.contentType else {
            throw APIError.mediaType(expected: FormFields.contentType)
        }
        return try FormFields(await request.collectBody(upTo: FormFields.byteLimit, on: context.channel).readableBytesView)
    }
}
