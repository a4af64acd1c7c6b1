public import Platform

/// How the servers behind one configuration belong together.
public enum RedisTopology: Sendable {
    /// One server, at the configuration's host and port.
    case single
    /// A primary with replicas, watched by sentinels that say which is the primary.
    case sentinel(RedisSentinels)
    /// A Redis Cluster, found through any of these nodes.
    case cluster([RedisEndpoint])
}

/// The sentinels that watch a primary.
public struct RedisSentinels: Sendable {
    public var endpoints: [RedisEndpoint]
    /// What the sentinels call the primary, for instance `mymaster`.
    public var primary: String
    /// The user and password of the sentinels themselves, which need not be those of Redis.
    public var user: String?
    public var password: Secret?
    /// For connecting to one sentinel and its answer together. All are asked at the same time.
    public var timeout: Duration = .seconds(1)
    /// How often they are asked whether the primary is still the same, besides at every loss of a connection.
    public var interval: Duration = .seconds(5)

    public init(endpoints: [RedisEndpoint], primary: String, user: String? = nil, password: Secret? = nil) {
        self.endpoints = endpoints
        self.primary = primary
        self.user = user
        self.password = password
    }
}
