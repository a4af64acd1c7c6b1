import Accounts
import Cryptography
import HTTPTypes
import Hummingbird
import Platform

/// Tells requests of our own pages from those that another site has a browser send (H92).
///
/// Whatever changes something has to come from our origin, as far as the browser says where it comes from, and to repeat the token of
/// its session, which no other site can read.
struct OriginGuard: Sendable {
    let address: PublicAddress

    /// - Throws: `APIError.forged` for a request that changes something and that a browser calls another site's.
    func checkSite(_ request: Request) throws {
        guard request.changesSomething else { return }
        if let site = request.headers[.secFetchSite], site != "same-origin" { throw APIError.forged }
        if let origin = request.headers[.origin], origin != address.origin { throw APIError.forged }
    }

    /// Whether one of our own pages has led here. A browser that does not say so names the page. `none` does not do: links in mails come
    /// like that as well.
    func isFromHere(_ request: Request) -> Bool {
        if let site = request.headers[.secFetchSite] { return site == "same-origin" }
        return request.headers[.referer]?.utf8.starts(with: "\(address.origin)/".utf8) ?? false
    }

    /// - Throws: `APIError.forged` for what a page of another site has its browser load, and for links of others that lead here.
    func checkEmbedding(_ request: Request) throws {
        if let site = request.headers[.secFetchSite], site != "same-origin", site != "none" { throw APIError.forged }
    }

    /// - Throws: `APIError.forged` unless the token is the session's.
    func checkToken(_ token: String?, of session: Session) throws {
        guard let token, ConstantTime.areEqual(token, session.csrf.reveal()) else { throw APIError.forged }
    }
}

extension Request {
    /// Whether its method is one that may change something (RFC 9110, section 9.2.1).
    var changesSomething: Bool { method != .get && method != .head && method != .options }
}

extension HTTPField.Name {
    static let secFetchSite = Self("Sec-Fetch-Site")!
    static let csrfToken = Self("X-CSRF-Token")!
}
