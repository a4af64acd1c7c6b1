/// Where a server listens.
public struct RedisEndpoint: Sendable, Hashable {
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    public var host: String
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}

extension RedisEndpoint: CustomStringConvertible {
    /// `host:port`, an IPv6 address in brackets.
    public var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
