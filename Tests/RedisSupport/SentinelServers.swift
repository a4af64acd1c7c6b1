import Redis
public import TestSupport

/// A primary, a replica and three sentinels that call the primary `mymaster`.
public final class SentinelServers: Sendable {
    /// The primary at the start.
    public let first: RedisServerProcess
    /// Its replica.
    public let second: RedisServerProcess
    public let sentinels: [RedisServerProcess]

    private init(first: RedisServerProcess, second: RedisServerProcess, sentinels: [RedisServerProcess]) {
        self.first = first
        self.second = second
        self.sentinels = sentinels
    }

    /// What a client is told.
    public var url: String { url(name: "mymaster") }

    public func url(name: String) -> String {
        "redis+sentinel://" + sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",") + "/\(name)"
    }

    /// Starts all of them, and returns when the sentinels could do a failover.
    public static func start() async throws -> SentinelServers {
        let quick = ["--repl-diskless-sync-delay", "0", "--appendonly", "no"]
        let first = try await RedisServerProcess.start(arguments: quick)
        let second = try await RedisServerProcess.start(arguments: quick + ["--replicaof", "127.0.0.1 \(first.port)"])
        let silence = 1000 * Patience.factor
        let lines = [
            "sentinel monitor mymaster 127.0.0.1 \(first.port) 2", "sentinel down-after-milliseconds mymaster \(silence)",
            "sentinel failover-timeout mymaster \(5 * silence)",
        ]
        var sentinels: [RedisServerProcess] = []
        for _ in 0..<3 { sentinels.append(try await .startSentinel(lines)) }
        let servers = SentinelServers(first: first, second: second, sentinels: sentinels)
        try await awaitTruth("the replica is up to date") {
            try await second.ask("INFO", "replication").string?.contains("master_link_status:up") == true
        }
        for sentinel in sentinels {
            try await awaitTruth("the sentinels know each other and the replica") {
                let known = try await sentinel.ask("INFO", "sentinel").string ?? ""
                return known.contains("status=ok") && known.contains("slaves=1,sentinels=3")
            }
        }
        return servers
    }

    /// Waits until all sentinels name the same primary.
    public func awaitPrimary(_ server: RedisServerProcess) async throws {
        for sentinel in sentinels {
            try await awaitTruth("the sentinels name the new primary") {
                let place = try await sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster").array
                return place?.last?.string == "\(server.port)"
            }
        }
    }
}
