public import Platform

extension RedisConfiguration {
    /// Reads one of
    ///
    ///     redis://[user[:password]@]host[:port][/database]
    ///     redis+sentinel://[user[:password]@]sentinel[:port][,sentinel[:port]…]/name[/database]
    ///     redis+cluster://[user[:password]@]node[:port][,node[:port]…]
    ///
    /// or the same with `rediss` for TLS on all connections. Ports are 6379, those of sentinels 26379, unless given.
    ///
    /// Query entries: `ca` (a PEM file of certificate authorities that replaces the system's; TLS only), `name` (the client
    /// name), and for Sentinel `sentinel-user` and `sentinel-password` (the sentinels' own; user and password before the
    /// hosts are those of Redis).
    /// - Throws: `.configuration`.
    public init(url: ServiceURL) throws(RedisError) {
        let parts = url.scheme.split(separator: "+", omittingEmptySubsequences: false)
        guard ["redis", "rediss"].contains(parts[0]), parts.count == 1 || ["sentinel", "cluster"].contains(parts[1]) else {
            throw RedisError(.configuration, "the scheme of a Redis URL is redis or rediss, alone or with +sentinel or +cluster")
        }
        let usesTLS = parts[0] == "rediss"
        let kind = parts.count == 1 ? "" : parts[1]
        let known = ["name"] + (usesTLS ? ["ca"] : []) + (kind == "sentinel" ? ["sentinel-user", "sentinel-password"] : [])
        guard Set(url.query.keys).isSubset(of: known) else {
            throw RedisError(.configuration, "a Redis URL has an unknown query entry")
        }
        let name = url.query["name"] ?? "sluice"
        guard Self.isClientName(name) else { throw RedisError(.configuration, "the client name holds forbidden characters") }
        let path = try Self.path(of: url, kind: kind)
        let standard = kind == "sentinel" ? 26379 : 6379
        self.init(
            host: url.host, port: url.port ?? standard, user: url.user, password: url.password, database: path.database,
            tls: usesTLS ? RedisTLS(certificateAuthority: url.query["ca"]) : nil, clientName: name)
        let places = [RedisEndpoint(host: host, port: port)] + url.others.map { RedisEndpoint(host: $0.host, port: $0.port ?? standard) }
        switch kind {
        case "cluster": topology = .cluster(places)
        case "sentinel":
            topology = .sentinel(
                RedisSentinels(
                    endpoints: places, primary: path.primary, user: url.query["sentinel-user"],
                    password: url.query["sentinel-password"].map { Secret($0) }))
        default: break
        }
    }

    private static func path(of url: ServiceURL, kind: Substring) throws(RedisError) -> (primary: String, database: Int) {
        var segments = url.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        if segments.last == "" { segments.removeLast() }
        var primary = ""
        if kind == "sentinel" {
            primary = segments.popFirst().map { String($0) } ?? ""
            guard !primary.isEmpty else {
                throw RedisError(.configuration, "the path of a redis+sentinel URL is the name of the primary, for instance /mymaster")
            }
        }
        let database = segments.isEmpty ? 0 : segments.count == 1 ? Int(segments[segments.startIndex]) : nil
        guard let database, (0...1_000_000).contains(database) else {
            throw RedisError(.configuration, "the path of a Redis URL is a database number")
        }
        guard kind != "cluster" || database == 0 else { throw RedisError(.configuration, "a Redis Cluster has database 0 only") }
        return (primary, database)
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
