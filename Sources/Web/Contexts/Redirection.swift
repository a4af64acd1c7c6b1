import HTTPTypes
import Hummingbird

/// The answer that sends a browser to another of our pages; it asks for that with GET.
struct Redirection: Error {
    let path: String

    init(to path: String) {
        self.path = path
    }

    /// - Parameter cookies: to be set on the way.
    func response(_ cookies: HTTPField...) -> Response {
        response(cookies)
    }

    func response(_ cookies: [HTTPField]) -> Response {
        var headers: HTTPFields = [.location: path]
        for cookie in cookies { headers.append(cookie) }
        return Response(status: .seeOther, headers: headers)
    }
}
