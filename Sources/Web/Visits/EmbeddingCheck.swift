import Hummingbird

/// Refuses what browsers load for pages of other sites, before any work is done for it: drawings cost time, and places that count.
struct EmbeddingCheck: RouterMiddleware {
    typealias Context = WebContext

    let guardian: OriginGuard

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        try guardian.checkEmbedding(request)
        return try await next(request, context)
    }
}
