import Jobs
import Platform
import Redis
import RedisSupport
import TestSupport

/// A job of the tests.
struct Note: JobContract {
    var text = ""

    static var type: String { "note" }
    static var schemaVersion: Int { 2 }
    static var queue: String { "notes" }
    static var policy: RetryPolicy {
        RetryPolicy(maximumAttempts: 3, backoff: Backoff(base: .milliseconds(1), cap: .milliseconds(5)))
    }
}

extension RedisJobQueue {
    /// A queue of the test's own on the shared server; afterwards it must be consistent, and it is removed.
    static func with(_ body: @Sendable (RedisJobQueue) async throws -> Void) async throws {
        try await RedisClient.with(TestServer.redis.url) { client in
            let queue = try RedisJobQueue(client: client, name: "test-\(UUIDv7())")
            do {
                try await body(queue)
            } catch {
                try await queue.erase()
                throw error
            }
            try await queue.erase()
        }
    }

    func erase() async throws {
        var cursor = "0"
        repeat {
            let reply = try await client.send(
                RedisCommand("SCAN", RedisArgument(cursor), "MATCH", RedisArgument(keys.prefix + "*"), "COUNT", 1000))
            cursor = reply.array?.first?.string ?? "0"
            let found = reply.array?.last?.array?.compactMap(\.string) ?? []
            if !found.isEmpty { _ = try await client.send(RedisCommand("UNLINK", arguments: found.map { RedisArgument($0) })) }
        } while cursor != "0"
    }

    @discardableResult
    func notes(
        _ ids: String..., tenant: String = "", priority: Int = 0, delay: Duration = .zero, uniqueKey: String = ""
    ) async throws -> [EnqueueResult] {
        try await enqueue(
            ids.map { try JobRequest(Note(), id: $0, tenant: tenant, priority: priority, delay: delay, uniqueKey: uniqueKey) })
    }

    /// Claims, and reads what was claimed.
    ///
    /// - Parameter direct: how many start at once; nil means all.
    func claim(_ want: Int, direct: Int? = nil) async throws -> [Claimed] {
        let reply = try await cycle([], want: want, direct: direct ?? want, lease: .seconds(60))
        return try reply.entries.map { entry in
            Claimed(entry: try JobEntry(entry), epoch: reply.epoch, member: Array("\(reply.epoch)|".utf8) + entry)
        }
    }

    func acknowledge(_ jobs: [Claimed]) async throws -> [Int] {
        try await cycle(
            jobs.map { Acknowledgement(member: $0.member, entry: $0.entry) }, want: 0, direct: 0, lease: .seconds(60)
        ).lost
    }

    /// As if the leases had run out, whatever is known of their jobs.
    func expire(_ jobs: [Claimed]) async throws {
        for job in jobs {
            let score = try await client.send(RedisCommand("ZSCORE", RedisArgument(keys.leases), RedisArgument(job.member))).string ?? ""
            _ = try await client.send(
                RedisCommand(
                    "ZADD", RedisArgument(keys.leases), "XX", score.hasSuffix(".5") ? "1.5" : "1", RedisArgument(job.member)))
        }
    }

    /// As if the worker that holds these jobs had vanished and another one had noticed.
    @discardableResult
    func lose(_ jobs: [Claimed], poisonAfter crashes: Int = 3) async throws -> ReapReply {
        try await expire(jobs)
        return try await reap(limit: 500, poisonAfter: crashes)
    }

    /// As if the time of all delayed jobs had come.
    func makeDelayedDue() async throws {
        let members = try await client.send(RedisCommand("ZRANGE", RedisArgument(keys.delayed), 0, -1)).array ?? []
        for member in members.compactMap(\.bytes) {
            _ = try await client.send(RedisCommand("ZADD", RedisArgument(keys.delayed), 1, RedisArgument(member)))
        }
    }

    func fail(_ job: Claimed, _ verb: Failure.Verb, delay: Duration = .seconds(60), reason: String = "because") async throws -> [Int] {
        try await fail([Failure(member: job.member, verb: verb, delay: delay, reason: reason)])
    }
}

struct Claimed: Sendable {
    let entry: JobEntry
    let epoch: Int64
    let member: [UInt8]
}

extension [Claimed] {
    var ids: [String] { map(\.entry.id) }
}
