import HTTPTypes
import Hummingbird

/// Says in every answer about uploads, refusals among them, which protocol this is.
struct TusHeaders: RouterMiddleware {
    typealias Context = WebContext

    private static let path = UploadConcat.path.dropLast().utf8

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        var response = try await next(request, context)
        if request.uri.path.utf8.starts(with: Self.path) { response.headers[.tusResumable] = TusProtocol.version }
        return response
    }
}

/// Refuses requests of another version of the protocol, and of none, before anything is done.
struct TusVersionCheck: RouterMiddleware {
    typealias Context = UserContext

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        guard request.headers[.tusResumable] == TusProtocol.version else { throw APIError.tusVersion }
        return try await next(request, context)
    }
}
