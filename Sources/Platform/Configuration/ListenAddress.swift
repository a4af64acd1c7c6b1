/// Where a server listens: a host and a port.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    public let host: String
    /// 0…65535; 0 lets the kernel choose.
    public let port: Int

    /// - Precondition: the port is from 0 to 65535.
    public init(host: String, port: Int) {
        precondition((0...65535).contains(port), "no such port")
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:8080`, `localhost:8080` or `[::1]:8080`.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        var host = text[..<colon]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits),
            port <= 65535
        else { return nil }
        if host.first == "[" {
            guard host.last == "]", host.utf8.count > 2 else { return nil }
            host = host.dropFirst().dropLast()
            guard HostName.isIPv6(String(host)) else { return nil }
        } else {
            guard HostName.isName(String(host)) else { return nil }
        }
        self.host = String(host)
        self.port = port
    }

    public var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
