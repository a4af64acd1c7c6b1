import Accounts
import Hummingbird

/// Reads `Authorization: Bearer slc_…` (RFC 6750, section 2.1) and puts the token's user into the context.
///
/// A request without the header goes on without a user; one with a wrong token ends here, so that a typing error is not
/// taken for an anonymous visit.
struct BearerAuthentication: RouterMiddleware {
    typealias Context = WebContext

    private static let scheme = Array("bearer ".utf8)
    private static let maximumLength = 200

    let tokens: TokenStore

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard let header = request.headers.value(of: .authorization) else { return try await next(request, context) }
        let bytes = header.utf8
        guard bytes.count <= Self.maximumLength,
            bytes.prefix(Self.scheme.count).elementsEqual(Self.scheme, by: { $0.lowercasedASCII == $1 })
        else { throw APIError.tokenRefused }
        let token = bytes.dropFirst(Self.scheme.count).drop { $0 == .space }
        guard let user = try await tokens.authenticate(String(Substring(token))) else { throw APIError.tokenRefused }
        var context = context
        context.user = Caller(id: user.id, credential: .token(user))
        return try await next(request, context)
    }
}
