import Accounts
import Files
import HTTPTypes
import Hummingbird
import NIOCore

/// The table of what is where.
struct Routes {
    let tokens: TokenStore
    let uploads: UploadHandlers
    let list: ListHandlers
    let content: ContentHandler
    let deletion: DeleteHandlers
    let security: SecurityLog

    func build() -> some HTTPResponder<WebContext> {
        let router = Router(context: WebContext.self)
        router.add(middleware: RequestMetrics())
        router.add(middleware: SecurityHeaders<WebContext>())
        router.add(middleware: ProblemRendering(security: security))
        router.get("openapi.yaml", use: OpenAPI.serve)
        let api = router.group("api/v1")
            .add(middleware: BearerAuthentication(tokens: tokens))
            .group(context: UserContext.self)
        table("files", on: api, [(.post, uploads.post), (.get, list.page), (.delete, deletion.many)])
        table("files/:id", on: api, [(.put, uploads.put), (.get, list.get), (.delete, deletion.one)])
        table("files/:id/content", on: api, [(.get, content.get), (.head, content.get)])
        return router.buildResponder()
    }

    private typealias Handler = @Sendable (Request, UserContext) async throws -> Response

    /// Registers the handlers of one path, and `405` for the methods it does not have.
    private func table(_ path: RouterPath, on group: some RouterMethods<UserContext>, _ handlers: [(HTTPRequest.Method, Handler)]) {
        let allowed = handlers.map(\.0.rawValue).joined(separator: ", ")
        for (method, handler) in handlers { group.on(path, method: method, use: handler) }
        for method in [.get, .head, .post, .put, .patch, .delete, .options] as [HTTPRequest.Method]
        where !handlers.contains(where: { $0.0 == method }) {
            group.on(path, method: method) { _, _ -> Response in throw APIError.methodNotAllowed(allow: allowed) }
        }
    }
}
