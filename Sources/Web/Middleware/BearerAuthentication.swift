import Accounts
import Hummingbird

/// Reads `Authorization: Bearer slc_…` (RFC 6750, section 2.1) and puts the token's user into the context.
///
/// A request without the header goes on without a user; one with a wrong token ends here, so that a typing error is not
/// taken for an anonymous visit.
struct BearerAuthentication: RouterMiddleware {
    typealias Context = WebContext

    private static let scheme = "bearer "
    private static let maximumLength = 200

    let tokens: TokenStore

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard let header = request.headers[.authorization] else { return try await next(request, context) }
        guard header.utf8.count <= Self.maximumLength, header.lowercased().hasPrefix(Self.scheme) else { throw APIError.unauthorized }
        let token = header.dropFirst(Self.scheme.count).drop { $0 == " " }
        guard let user = try await tokens.authenticate(String(token)) else { throw APIError.unauthorized }
        var context = context
        context.user = user
        return try await next(request, context)
    }
}
