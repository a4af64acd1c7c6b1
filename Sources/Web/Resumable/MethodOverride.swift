import HTTPTypes
import Hummingbird

/// Lets clients that can send POST alone say which method they mean (X-HTTP-Method-Override).
///
/// Everything behind sees the method that is meant, the check of scopes too. A browser may not do it: what stands between a page of
/// another site and us looks at the real method (H55).
struct MethodOverride: RouterMiddleware {
    typealias Context = UserContext

    private static let methods: [HTTPRequest.Method] = [.patch, .delete, .head]

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        guard let field = request.headers[.methodOverride] else { return try await next(request, context) }
        guard case .token = context.user.credential else { throw APIError.methodOverride }
        guard request.method == .post, context.parameters.get("id") != nil, let method = Self.methods.first(where: { $0.rawValue == field })
        else { throw UploadFieldError(.methodOverride, "It may be PATCH, DELETE or HEAD, on a POST to an upload.") }
        var head = request.head
        head.method = method
        return try await next(Request(head: head, body: request.body), context)
    }
}
