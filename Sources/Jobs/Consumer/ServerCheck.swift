import Logging
package import Redis

/// Whether a Redis server can carry what is entrusted to it, read from its `INFO`. Each sentence says what to do.
package struct ServerCheck: Sendable {
    /// What is in the server, as sentences call it.
    package enum Content: String, Sendable {
        case jobs, sessions
    }

    /// Why not, or nil.
    package let refusal: String?
    /// What endangers the content.
    package let warnings: [String]

    /// All there is to say.
    package var sentences: [String] { [refusal].compactMap(\.self) + warnings }

    package init(info: String, of content: Content = .jobs) {
        var values: [Substring: Substring] = [:]
        for line in info.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            values[line[..<colon]] = line[line.index(after: colon)...]
        }
        let version = values["redis_version"] ?? "unknown"
        let major = version.split(separator: ".").first.flatMap { Int($0) } ?? 0
        refusal =
            major >= 7
            ? nil
            : "\(content) need Redis 7.0 or later, this server is \(version): upgrade it, or point SLUICE_REDIS_URL at a newer one"
        var warnings: [String] = []
        if let policy = values["maxmemory_policy"], policy != "noeviction" {
            warnings.append(
                "maxmemory-policy is \(policy), so Redis may throw \(content) away: "
                    + "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf")
        }
        if values["aof_enabled"] == "0" {
            warnings.append(
                "appendonly is off, so a restart of Redis forgets \(content): CONFIG SET appendonly yes, and the same in redis.conf")
        }
        if values["aof_last_write_status"] == "err" {
            warnings.append("Redis cannot write its append-only file: look at its log, and free space on its disk")
        }
        if values["role"] == "slave" {
            warnings.append("this Redis is a replica and refuses writes: point SLUICE_REDIS_URL at the primary, or REPLICAOF NO ONE")
        }
        self.warnings = warnings
    }

    private init(refusal: String?, warnings: [String]) {
        self.refusal = refusal
        self.warnings = warnings
    }

    /// Of each server that takes writes; in a cluster these are several.
    package static func read(_ client: RedisClient, of content: Content = .jobs) async throws(RedisError) -> [ServerCheck] {
        do throws(RedisError) {
            return try await client.sendEverywhere(RedisCommand("INFO")).map { ServerCheck(info: $0.string ?? "", of: content) }
        } catch {
            guard error.serverCode == "NOPERM" else { throw error }
            // The right to look is not needed for work.
            let warning = "the Redis user may not run INFO, so version and settings were not checked: ACL SETUSER <user> +info"
            return [ServerCheck(refusal: nil, warnings: [warning])]
        }
    }

    /// The same of servers that may not be there yet.
    ///
    /// - Returns: nil when shutdown came before.
    static func awaited(_ client: RedisClient, of content: Content, logger: Logger) async -> [ServerCheck]? {
        await FirstAnswer.wait(logger) { () async throws(RedisError) in try await read(client, of: content) }
    }
}
