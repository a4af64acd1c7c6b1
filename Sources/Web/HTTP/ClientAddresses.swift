package import Accounts
package import HTTPTypes
package import NIOCore

/// Tells where requests come from (H87).
///
/// Each proxy adds the address that it saw to the end of X-Forwarded-For. So with `n` proxies of our own the client's is the n-th
/// from the end; what stands before it the client may have made up.
package struct ClientAddresses: Sendable {
    private let trustedProxies: Int
    private let notice: ProxyNotice

    /// - Parameter trustedProxies: how many proxies of our own every request comes through.
    package init(trustedProxies: Int, notice: ProxyNotice) {
        self.trustedProxies = trustedProxies
        self.notice = notice
    }

    /// - Parameter peer: who has opened the connection.
    package func network(_ headers: HTTPFields, peer: SocketAddress?) -> NetworkAddress {
        let direct = NetworkAddress(peer?.ipAddress ?? "")
        guard trustedProxies > 0 else {
            if headers.contains(.xForwardedFor) { notice.noteForwarding() }
            return direct
        }
        let seen = headers[values: .xForwardedFor].flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        // Fewer than there are proxies: it came past them.
        guard seen.count >= trustedProxies else { return direct }
        return NetworkAddress(String(seen[seen.count - trustedProxies].drop { $0 == " " }.prefix { $0 != " " }))
    }
}

extension HTTPField.Name {
    static let xForwardedFor = Self("X-Forwarded-For")!
}
