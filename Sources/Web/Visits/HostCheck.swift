import HTTPTypes
import Hummingbird
import Platform

/// Refuses browsers that were sent to another name than the configured one (H93).
///
/// No answer and no mail repeats what a request says of its host, so this is for the rest: cookies belong to names, and a page under a
/// name that somebody else controls must not work.
struct HostCheck: RouterMiddleware {
    typealias Context = WebContext

    let address: PublicAddress

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        try check(request)
        return try await next(request, context)
    }

    /// - Throws: `APIError.misdirected` for a request to another name.
    func check(_ request: Request) throws {
        guard let host = request.head.authority, host.utf8.elementsEqual(address.authority.utf8, by: { $0.lowercasedASCII == $1 }) else {
            throw APIError.misdirected(to: address)
        }
    }
}
