import Accounts

/// A request as the work of somebody before a browser.
struct Visit: Sendable {
    let visitor: Visitor
    /// The session of the browser's cookie; nil when it has none that lives.
    var session: Session?
    /// Why the session of the cookie is gone, if somebody had signed in with it.
    var end: SessionEnd?
}
