import Hummingbird
import Metrics

/// Counts requests and their time by route, method and class of status. The route is the pattern, never the path, so the
/// number of series is bounded.
struct RequestMetrics: RouterMiddleware {
    typealias Context = WebContext

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let dimensions = [
            ("route", context.endpointPath ?? "none"), ("method", request.method.rawValue), ("status", "\(response.status.code / 100)xx"),
        ]
        Timer(label: "sluice_http_request_seconds", dimensions: dimensions)
            .recordNanoseconds(Int64((ContinuousClock.now - start) / .nanoseconds(1)))
        return response
    }
}
