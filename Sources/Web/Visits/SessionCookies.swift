import Accounts
import HTTPTypes
package import Platform

/// The cookies that browsers get: the session's, the one by which a browser is known that somebody has signed in with, and for half an
/// hour that of a link by which a password is chosen.
///
/// All are for this host alone, for all of its paths, never for scripts, and come along when one follows a link to us. By plain
/// HTTP, which is for loopback only, they cannot have the prefix that has browsers enforce the first two.
package struct SessionCookies: Sendable {
    private static let halfYear = 182 * 86400
    /// As long as a link works.
    private static let halfHour = 30 * 60

    private let isSecure: Bool
    package let session: String
    package let device: String
    package let reset: String

    package init(_ address: PublicAddress) {
        isSecure = address.isSecure
        session = isSecure ? "__Host-sluice" : "sluice"
        device = isSecure ? "__Host-sluice-device" : "sluice-device"
        reset = isSecure ? "__Host-sluice-reset" : "sluice-reset"
    }

    /// The session that a browser says it has; nil for what cannot be one.
    func ticket(_ headers: HTTPFields) -> SessionTicket? {
        headers.cookie(named: session).flatMap { SessionTicket(cookie: $0) }
    }

    func deviceToken(_ headers: HTTPFields) -> OpaqueToken? {
        headers.cookie(named: device).flatMap { OpaqueToken($0) }
    }

    func resetToken(_ headers: HTTPFields) -> OpaqueToken? {
        headers.cookie(named: reset).flatMap { OpaqueToken($0) }
    }

    /// Gives a session to the browser, until that is closed.
    func set(_ session: Session) -> HTTPField {
        make(self.session, session.ticket.cookie)
    }

    func set(device token: OpaqueToken) -> HTTPField {
        make(device, token.reveal(), "; Max-Age=\(Self.halfYear)")
    }

    /// Takes the session away from the browser.
    func clear() -> HTTPField {
        make(session, "", "; Max-Age=0")
    }

    func set(reset token: OpaqueToken) -> HTTPField {
        make(reset, token.reveal(), "; Max-Age=\(Self.halfHour)")
    }

    func clearReset() -> HTTPField {
        make(reset, "", "; Max-Age=0")
    }

    private func make(_ name: String, _ value: String, _ more: String = "") -> HTTPField {
        HTTPField(name: .setCookie, value: "\(name)=\(value); Path=/; HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")\(more)")
    }
}
