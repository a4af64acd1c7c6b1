public import Platform

/// How to reach Redis (7.0 or later): one server, a primary behind Sentinel, or a cluster; and the limits of a client.
public struct RedisConfiguration: Sendable {
    /// Of the single server; elsewhere the first of the places named in `topology`.
    public var host: String
    public var port: Int
    public var topology = RedisTopology.single
    /// The user of an access-control list; nil means the default user.
    public var user: String?
    public var password: Secret?
    /// Always 0 in a cluster.
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
    /// Connections to one server for blocking commands that may exist at a time.
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
}

/// TLS 1.2 or later, with the server's certificate and name always verified.
public struct RedisTLS: Sendable, Hashable {
    /// A PEM file of certificate authorities to trust instead of the system's.
    public var certificateAuthority: String?

    public init(certificateAuthority: String? = nil) {
        self.certificateAuthority = certificateAuthority
    }
}
