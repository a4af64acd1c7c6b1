public import Platform

/// How to reach a Redis server (7.0 or later), and the limits of a client.
public struct RedisConfiguration: Sendable {
    public var host: String
    public var port: Int
    /// The user of an access-control list; nil means the default user.
    public var user: String?
    public var password: Secret?
    public var database: Int
    /// nil means plain TCP.
    public var tls: RedisTLS?
    /// What the server lists for our connections (`CLIENT LIST`): ASCII letters, digits and `-_.:@/`.
    public var clientName: String
    /// For the TCP connection, TLS and the greeting together.
    public var connectTimeout: Duration = .seconds(2)
    /// How long a caller waits for a reply unless it says otherwise. A connection whose oldest reply is overdue by this
    /// measure is closed and remade.
    public var commandDeadline: Duration = .seconds(5)
    /// The largest reply in bytes, with 24 bytes counted for each element of an array.
    public var maximumReplySize = 64 << 20
    /// Commands that may wait for a reply on one connection; more are refused with `.unavailable`.
    public var maximumPendingCommands = 65_536
    /// Connections for blocking commands that may exist at a time.
    public var maximumBlockingConnections = 16
    /// Delays between tries to connect.
    public var backoff = Backoff(base: .milliseconds(50), cap: .seconds(2))

    public init(
        host: String, port: Int = 6379, user: String? = nil, password: Secret? = nil, database: Int = 0, tls: RedisTLS? = nil,
        clientName: String = "sluice"
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.database = database
        self.tls = tls
        self.clientName = clientName
    }

    /// Reads `redis://[user[:password]@]host[:port][/database]`, or `rediss://…` for TLS.
    ///
    /// Query entries: `ca` (a PEM file of certificate authorities that replaces the system's; TLS only) and `name` (the
    /// client name).
    /// - Throws: `.configuration`.
    public init(url: ServiceURL) throws(RedisError) {
        guard ["redis", "rediss"].contains(url.scheme) else {
            throw RedisError(.configuration, "the scheme of a Redis URL is redis or rediss")
        }
        let usesTLS = url.scheme == "rediss"
        let unknown = Set(url.query.keys).subtracting(usesTLS ? ["ca", "name"] : ["name"])
        guard unknown.isEmpty else { throw RedisError(.configuration, "a Redis URL has an unknown query entry") }
        let database = url.path.isEmpty || url.path == "/" ? 0 : Int(url.path.dropFirst())
        guard let database, (0...1_000_000).contains(database) else {
            throw RedisError(.configuration, "the path of a Redis URL is a database number")
        }
        let name = url.query["name"] ?? "sluice"
        guard Self.isClientName(name) else { throw RedisError(.configuration, "the client name holds forbidden characters") }
        self.init(
            host: url.host, port: url.port ?? 6379, user: url.user, password: url.password, database: database,
            tls: usesTLS ? RedisTLS(certificateAuthority: url.query["ca"]) : nil, clientName: name)
    }

    private static func isClientName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x2D...0x3A, 0x40...0x5A, 0x5F, 0x61...0x7A: true
                default: false
                }
            }
    }
}

/// TLS 1.2 or later, with the server's certificate and name always verified.
public struct RedisTLS: Sendable, Hashable {
    /// A PEM file of certificate authorities to trust instead of the system's.
    public var certificateAuthority: String?

    public init(certificateAuthority: String? = nil) {
        self.certificateAuthority = certificateAuthority
    }
}
