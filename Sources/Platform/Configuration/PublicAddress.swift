/// Where browsers reach Sluice: a scheme, a host and perhaps a port.
///
/// Links that leave the system are built on it and never on what a request says of its host.
public struct PublicAddress: Sendable, Hashable, CustomStringConvertible {
    /// In the form in which browsers send it: `https://files.example.org`, the scheme's own port left out.
    public let origin: String
    /// Whether it is on this machine, hence nobody else's.
    public let isLocal: Bool

    /// - Returns: nil for anything but `https://host[:port]`, where only loopback may do with `http`.
    public init?(_ text: String) {
        guard let url = try? ServiceURL(text), ["http", "https"].contains(url.scheme), url.user == nil, url.password == nil,
            ["", "/"].contains(url.path), url.query.isEmpty, url.scheme == "https" || url.isLocal
        else { return nil }
        let port = url.port == (url.scheme == "https" ? 443 : 80) ? nil : url.port
        origin = "\(url.scheme)://\(ServiceURL.Place(host: url.host, port: port))"
        isLocal = url.isLocal
    }

    public var description: String { origin }
}
