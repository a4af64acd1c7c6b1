import Accounts

/// A request as the work of somebody before a browser.
struct Visit: Sendable {
    let visitor: Visitor
    /// The session of the browser's cookie; nil when it has none that lives.
    var session: Session?
    /// The session of the cookie, if it was somebody's and has ended.
    var gone: GoneSession?
}
