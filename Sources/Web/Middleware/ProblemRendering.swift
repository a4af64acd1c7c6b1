import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Platform

/// The one place where an error becomes an answer: an RFC 9457 problem, without a word about our insides.
///
/// A request that had a body gets `Connection: close`, because the body may be unread and what follows on the connection
/// could not be told from it.
struct ProblemRendering: RouterMiddleware {
    typealias Context = WebContext

    let security: SecurityLog

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPParserError {
            throw error
        } catch {
            let refusal = APIError(error)
            if refusal.problem.status >= 500 {
                context.logger.error("request failed", metadata: .init([.error: "\(error)", .path: "\(context.endpointPath ?? "-")"]))
            }
            security.record(refusal, of: request, on: context.channel)
            var response = refusal.response()
            if request.hasBody { response.headers[.connection] = "close" }
            return response
        }
    }
}

extension Request {
    /// Whether the head announces a body (RFC 9112, section 6.3).
    var hasBody: Bool {
        headers.contains(.transferEncoding) || headers[.contentLength].map { $0 != "0" } ?? false
    }
}

extension SecurityLog {
    /// Reports a refusal that means something for security; nothing else.
    func record(_ refusal: APIError, of request: Request, on channel: any Channel) {
        guard let event = refusal.event else { return }
        let code = refusal.problem.code ?? String(refusal.problem.type.dropFirst("/problems/".count))
        record(event, from: Origin(headers: request.headers, channel: channel, user: refusal.user, code: code))
    }
}
