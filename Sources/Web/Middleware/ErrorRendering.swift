import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Platform

/// The one place where an error becomes an answer, without a word about our insides: a page for whoever wants one, else an RFC 9457
/// problem.
///
/// A request that had a body gets `Connection: close`, because the body may be unread and what follows on the connection
/// could not be told from it.
struct ErrorRendering: RouterMiddleware {
    typealias Context = WebContext

    let security: SecurityLog
    let pages: PageRenderer

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPParserError {
            throw error
        } catch {
            var response = render(error, request, context)
            if request.hasBody { response.headers[.connection] = "close" }
            guard request.method == .head else { return response }
            // Clients of tus ask where to go on, and on anything but success and 423 begin at the first byte (tus-js-client), or do not look
            // at the status (tuspy). What is away for a moment is locked to them, as nginx tells them where no Web answers.
            if response.status == .serviceUnavailable, request.uri.path.hasPrefix(UploadConcat.path) { response.status = .init(code: 423) }
            return response.createHeadResponse()
        }
    }

    private func render(_ error: any Error, _ request: Request, _ context: Context) -> Response {
        if let redirection = error as? Redirection { return redirection.response() }
        let refusal = APIError(error)
        if refusal.problem.status >= 500 {
            context.logger.error("request failed", metadata: .init([.error: "\(error)", .path: "\(context.endpointPath ?? "-")"]))
        }
        security.record(refusal, of: request, on: context.channel)
        guard request.wantsPage else { return refusal.response() }
        var response = pages.render(
            MessagePage.Message(refusal, for: request), status: .init(code: refusal.problem.status))
        for field in refusal.headers { response.headers[field.name] = field.value }
        return response
    }
}

extension Request {
    /// Whether the head announces a body (RFC 9112, section 6.3).
    var hasBody: Bool {
        headers.contains(.transferEncoding) || headers[.contentLength].map { $0 != "0" } ?? false
    }

    /// Whether a person looks at the answer: a browser asks for HTML when it goes somewhere, and scripts ask for JSON.
    fileprivate var wantsPage: Bool {
        !uri.path.hasPrefix("/api/") && headers.value(of: .accept)?.contains("text/html") == true
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
