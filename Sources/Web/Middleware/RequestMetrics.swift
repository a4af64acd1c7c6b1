import HTTPTypes
import Hummingbird
import Metrics
import Synchronization

/// Counts requests and their time by route, method and class of status. The route is the pattern, never the path, and
/// methods that nobody has heard of are one, so the number of series is bounded.
struct RequestMetrics: RouterMiddleware {
    typealias Context = WebContext

    private static let methods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]

    private let timers = Timers()

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let series = Series(
            route: context.endpointPath ?? "none", method: Self.methods.contains(request.method) ? request.method.rawValue : "other",
            status: response.status.code / 100)
        timers[series].recordNanoseconds(Int64((ContinuousClock.now - start) / .nanoseconds(1)))
        return response
    }

    private struct Series: Hashable {
        let route: String
        let method: String
        let status: Int
    }

    /// Made once each: to look a metric up in the registry costs more than all else that this middleware does.
    private final class Timers: Sendable {
        private let known = Mutex<[Series: Metrics.Timer]>([:])

        subscript(series: Series) -> Metrics.Timer {
            known.withLock { known in
                if let timer = known[series] { return timer }
                let timer = Metrics.Timer(
                    label: "sluice_http_request_seconds",
                    dimensions: [("route", series.route), ("method", series.method), ("status", "\(series.status)xx")])
                known[series] = timer
                return timer
            }
        }
    }
}
