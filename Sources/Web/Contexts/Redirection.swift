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
        // Not the usual `no-referrer`, which holds for the way to the next page as well: browsers without Sec-Fetch-Site tell by the referrer
        // that it was one of ours that led there.
        var headers: HTTPFields = [.location: path, .referrerPolicy: "same-origin"]
        for cookie in cookies { headers.append(cookie) }
        return Response(status: .seeOther, headers: headers)
    }
}
