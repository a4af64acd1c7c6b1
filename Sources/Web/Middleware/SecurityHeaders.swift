import HTTPTypes
import Hummingbird

/// Headers that every answer carries: nothing is sniffed, framed, cached or run.
struct SecurityHeaders<Context: RequestContext>: RouterMiddleware {
    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        var response = try await next(request, context)
        response.headers.harden()
        return response
    }
}

extension HTTPField.Name {
    static let referrerPolicy = Self("Referrer-Policy")!
}

extension HTTPFields {
    /// Adds what is not there yet.
    mutating func harden() {
        self[.xContentTypeOptions] = "nosniff"
        self[.referrerPolicy] = "no-referrer"
        if self[.contentSecurityPolicy] == nil { self[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'; sandbox" }
        if self[.cacheControl] == nil { self[.cacheControl] = "no-store" }
    }
}
