import Jobs
import Redis
import RedisSupport
import TestSupport

/// `sluice` beside a Redis server of one test's own.
struct CommandFixture: Sendable {
    let server: RedisServerProcess
    let client: RedisClient

    /// - Parameter arguments: more of redis-server's options.
    static func with(_ arguments: String..., body: @Sendable (CommandFixture) async throws -> Void) async throws {
        let server = try await RedisServerProcess.start(arguments: arguments)
        try await RedisClient.with("redis://127.0.0.1:\(server.port)") { client in
            try await body(CommandFixture(server: server, client: client))
        }
    }

    func sluice(_ arguments: String...) async throws -> Program {
        try await Self.sluice(port: server.port, arguments)
    }

    static func sluice(port: Int, _ arguments: [String]) async throws -> Program {
        try await Program.run(
            "sluice", arguments,
            environment: ["SLUICE_DATABASE_URL": "postgres://u:p@127.0.0.1/d", "SLUICE_REDIS_URL": "redis://127.0.0.1:\(port)"])
    }

    /// A queue that is on the list of those that workers serve.
    func served(_ name: String) async throws -> RedisJobQueue {
        _ = try await client.send(RedisCommand("ZADD", "queues", 4_000_000_000, RedisArgument(name)))
        return try RedisJobQueue(client: client, name: name)
    }

    /// How many keys the server holds.
    func keys() async throws -> Int64? {
        try await client.send(RedisCommand("DBSIZE")).int
    }
}

/// A job that commands look at.
struct Parcel: JobContract {
    var text = ""

    static var type: String { "parcel" }
    static var schemaVersion: Int { 1 }
    static var queue: String { "parcels" }
    static var policy: RetryPolicy { .standard }
}

extension RedisJobQueue {
    /// Claims all jobs that are ready and lets them die.
    func buryAll(_ reason: String) async throws {
        while true {
            let limit = RedisJobQueue.batchLimit
            let reply = try await cycle([], want: limit, direct: limit, lease: .seconds(60))
            if reply.entries.isEmpty { return }
            _ = try await fail(
                reply.entries.map {
                    Failure(member: Array("\(reply.epoch)|".utf8) + $0, verb: .dead, delay: .zero, reason: reason)
                })
        }
    }
}
