import Accounts
import HTTPTypes
import Logging
import NIOCore
import TestSupport
import Testing
import Web

@Suite("Client addresses")
struct ClientAddressesTests {
    @Test(
        "H87 the address is the one that our outermost proxy saw; what clients put before it counts for nothing",
        arguments: [
            (0, ["192.0.2.1"], "203.0.113.9"), (1, ["192.0.2.1"], "192.0.2.1"), (1, ["10.0.0.1, 192.0.2.1"], "192.0.2.1"),
            (1, ["10.0.0.1", "192.0.2.1"], "192.0.2.1"), (2, ["10.0.0.1, 192.0.2.1, 192.0.2.2"], "192.0.2.1"),
            (2, ["192.0.2.1"], "203.0.113.9"), (1, [], "203.0.113.9"), (1, [""], "unknown"), (1, ["192.0.2.1,"], "unknown"),
            (1, ["evil\u{1}"], "unknown"), (1, [" 2001:db8::1 "], "2001:db8:0:0:0:0:0:1"),
            (1, [String(repeating: "1.1.1.1,", count: 4000) + "192.0.2.1"], "192.0.2.1"),
        ])
    func network(proxies: Int, fields: [String], expected: String) throws {
        var headers = HTTPFields()
        for field in fields { headers.append(HTTPField(name: HTTPField.Name("X-Forwarded-For")!, value: field)) }
        let peer = try SocketAddress(ipAddress: "203.0.113.9", port: 1)
        let addresses = ClientAddresses(trustedProxies: proxies, notice: ProxyNotice(logger: .silent))
        #expect(addresses.network(headers, peer: peer).description == expected)
    }
}
