import Hummingbird
import Platform

/// The table of what is where.
struct Routes {
    let api: APIRoutes
    let pages: PageRoutes
    let assets: AssetStore
    let renderer: PageRenderer
    let security: SecurityLog
    let address: PublicAddress

    func build() -> some HTTPResponder<WebContext> {
        let router = Router(context: WebContext.self)
        router.add(middleware: RequestMetrics())
        router.add(middleware: SecurityHeaders<WebContext>(address: address))
        router.add(middleware: TusHeaders())
        router.add(middleware: ErrorRendering(security: security, pages: renderer))
        router.get("openapi.yaml", use: OpenAPI.serve)
        router.get("assets/:name", use: assets.serve)
        api.add(to: router)
        pages.add(to: router)
        return router.buildResponder()
    }
}
