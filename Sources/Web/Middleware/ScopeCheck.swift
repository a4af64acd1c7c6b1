import Accounts
import HTTPTypes
import Hummingbird

/// Refuses what a token has no scope for, before anything of the request but its head is looked at.
///
/// The scope follows from the method, so that no route can forget it: what changes nothing reads, DELETE deletes, and all else writes.
struct ScopeCheck: RouterMiddleware {
    typealias Context = UserContext

    /// What looking takes. Whoever sends an upload has to see how far it has come, and need not see files.
    var looking = TokenScope.read

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        let scope = scope(of: request)
        guard context.user.may(scope) else { throw APIError.scopeMissing(scope, user: context.user.id) }
        return try await next(request, context)
    }

    private func scope(of request: Request) -> TokenScope {
        guard request.changesSomething else { return looking }
        return request.method == .delete ? .delete : .write
    }
}
