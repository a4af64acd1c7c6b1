/// The address of a server Sluice depends on, with the credentials for it (RFC 3986, the `scheme://authority` form only).
///
/// All parts are percent-decoded and free of control bytes, so none of them can carry a second command to a line-based
/// protocol. Printing, interpolating or dumping the value shows neither password nor query.
public struct ServiceURL: Sendable, Hashable {
    /// The schemes that some module understands.
    public static let schemes: Set<String> = [
        "redis", "rediss", "redis+cluster", "rediss+cluster", "redis+sentinel", "rediss+sentinel", "postgres", "postgresql", "ftp", "ftpes",
        "smtp", "http", "https",
    ]

    /// One of several places where a service may be found.
    public struct Place: Sendable, Hashable {
        /// As `ServiceURL.host`.
        public let host: String
        /// As `ServiceURL.port`.
        public let port: Int?
    }

    /// Lower case, one of `schemes`; `postgresql` reads as `postgres`.
    public let scheme: String
    /// A name, an IPv4 address, or an IPv6 address without its brackets. Never empty.
    public let host: String
    /// 1…65535; nil when the URL names none, and the protocol's own port is meant.
    public let port: Int?
    /// What follows the first place, separated by commas; always empty but for schemes with a `+`.
    public let others: [Place]
    public let user: String?
    public let password: Secret?
    /// With its leading slash; empty when the URL has no path.
    public let path: String
    public let query: [String: String]

    /// Reads `scheme://[user[:password]@]host[:port][/path][?name=value&…]`, where some schemes allow several places,
    /// `host[:port],host[:port],…`, of which up to 64 are taken.
    ///
    /// - Throws: an error that names the faulty part and repeats no byte of the text.
    public init(_ text: String) throws(ServiceURLError) {
        var rest = text[...]
        guard let colon = rest.firstRange(of: "://") else { throw .init(.malformed) }
        let given = rest[..<colon.lowerBound].lowercased()
        guard Self.schemes.contains(given) else { throw .init(.unknownScheme) }
        scheme = given == "postgresql" ? "postgres" : given
        rest = rest[colon.upperBound...]
        guard !rest.utf8.contains(UInt8(ascii: "#")) else { throw .init(.fragment) }

        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        var authority = rest[..<authorityEnd]
        rest = rest[authorityEnd...]

        var credentials: (user: String?, password: Secret?) = (nil, nil)
        if let at = authority.firstIndex(of: "@") {
            credentials = try Self.credentials(authority[..<at])
            authority = authority[authority.index(after: at)...]
        }
        (user, password) = credentials
        (host, port, others) = try Self.places(authority, areSeveral: scheme.utf8.contains(UInt8(ascii: "+")))

        let question = rest.firstIndex(of: "?") ?? rest.endIndex
        guard let path = Self.decode(rest[..<question]) else { throw .init(.path) }
        self.path = path
        query = try Self.query(rest[question...].dropFirst())
    }

    /// Whether the server is on this machine: `localhost`, or a loopback address (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3).
    public var isLocal: Bool {
        if host == "localhost" || host == "::1" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
    }

    /// Nil for what cannot be decoded: which part it is says enough.
    private static func decode(_ part: Substring) -> String? { try? PercentCoding.decode(part.utf8) }

    private static func credentials(_ text: Substring) throws(ServiceURLError) -> (String?, Secret?) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let user = Self.decode(parts[0]) else { throw .init(.user) }
        guard parts.count == 2 else { return (user.isEmpty ? nil : user, nil) }
        guard let password = Self.decode(parts[1]) else { throw .init(.password) }
        return (user.isEmpty ? nil : user, password.isEmpty ? nil : Secret(password))
    }

    private static func places(_ text: Substring, areSeveral: Bool) throws(ServiceURLError) -> (String, Int?, [Place]) {
        let parts = areSeveral ? text.split(separator: ",", omittingEmptySubsequences: false) : [text]
        guard parts.count <= 64 else { throw .init(.host) }
        let (host, port) = try endpoint(parts[0])
        var others: [Place] = []
        for part in parts.dropFirst() {
            let (host, port) = try endpoint(part)
            others.append(Place(host: host, port: port))
        }
        return (host, port, others)
    }

    private static func endpoint(_ text: Substring) throws(ServiceURLError) -> (String, Int?) {
        let host: String
        var rest: Substring
        if text.first == "[" {
            guard let close = text.firstIndex(of: "]"),
                let address = Self.decode(text[text.index(after: text.startIndex)..<close]), HostName.isIPv6(address)
            else { throw .init(.host) }
            host = address
            rest = text[text.index(after: close)...]
        } else {
            let end = text.firstIndex(of: ":") ?? text.endIndex
            guard let name = Self.decode(text[..<end]), HostName.isName(name) else { throw .init(.host) }
            host = name.lowercased()
            rest = text[end...]
        }
        guard !rest.isEmpty else { return (host, nil) }
        guard rest.removeFirst() == ":", rest.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(rest),
            (1...65535).contains(port)
        else { throw .init(.port) }
        return (host, port)
    }

    private static func query(_ text: Substring) throws(ServiceURLError) -> [String: String] {
        var query: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(parts[0]), !name.isEmpty,
                let value = Self.decode(parts.count == 2 ? parts[1] : ""),
                query.updateValue(value, forKey: name) == nil
            else { throw .init(.query) }
        }
        return query
    }
}

extension ServiceURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Scheme, user, places and path; `***` stands for a password, and the query is left out.
    public var description: String {
        var text = scheme + "://"
        if user != nil || password != nil {
            text += (user ?? "") + (password == nil ? "" : ":***") + "@"
        }
        let places = [Place(host: host, port: port)] + others
        return text + places.map(\.description).joined(separator: ",") + path
    }

    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension ServiceURL.Place: CustomStringConvertible {
    /// `host:port`, an IPv6 address in brackets.
    public var description: String {
        (host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host) + (port.map { ":\($0)" } ?? "")
    }
}
