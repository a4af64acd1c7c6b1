package import Redis

/// Whether a Redis server can carry the queue, read from its `INFO`.
package struct ServerCheck: Sendable {
    /// Why not, or nil.
    package let refusal: String?
    /// What endangers accepted jobs.
    package let warnings: [String]

    package init(info: String) {
        var values: [Substring: Substring] = [:]
        for line in info.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            values[line[..<colon]] = line[line.index(after: colon)...]
        }
        let version = values["redis_version"] ?? "unknown"
        let major = version.split(separator: ".").first.flatMap { Int($0) } ?? 0
        refusal = major >= 7 ? nil : "the queue needs Redis 7.0 or later, this server is \(version)"
        var warnings: [String] = []
        if let policy = values["maxmemory_policy"], policy != "noeviction" {
            warnings.append("maxmemory-policy is \(policy): Redis may throw jobs away; set it to noeviction")
        }
        if values["aof_enabled"] == "0" {
            warnings.append("appendonly is off: a restart of Redis forgets jobs since the last snapshot; set it to yes")
        }
        if values["role"] == "slave" {
            warnings.append("this server is a replica and refuses writes; point the worker at the primary")
        }
        self.warnings = warnings
    }

    package static func read(_ client: RedisClient) async throws(RedisError) -> ServerCheck {
        ServerCheck(info: try await client.send(RedisCommand("INFO")).string ?? "")
    }
}
