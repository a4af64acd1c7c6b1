import Accounts
import HTTPTypes
import Hummingbird

/// `POST /logout`: the session ends on every process, and the browser forgets what it keeps of us.
struct LogoutHandler {
    let signIn: SignIn
    let cookies: SessionCookies

    func submit(_ request: Request, context: PageContext) async throws -> Response {
        try await signIn.signOut(try context.session(), context.visit.visitor)
        var response = Redirection(to: Arrival.logout.path("/login")).response(cookies.clear())
        // Not "cookies": the one by which the browser is known keeps others from locking its owner out.
        response.headers[.clearSiteData] = #""cache", "storage""#
        return response
    }
}

extension HTTPField.Name {
    static let clearSiteData = Self("Clear-Site-Data")!
}
