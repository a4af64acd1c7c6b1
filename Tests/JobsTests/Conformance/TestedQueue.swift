import Jobs
import Platform
import Redis
import Synchronization
import TestSupport
import Testing

/// An implementation of the queue under test, with power over its time.
struct TestedQueue: Sendable {
    enum Kind: String, Sendable, CaseIterable, CustomTestStringConvertible {
        case memory, redis

        var testDescription: String { rawValue }
    }

    let queue: any WorkQueue
    /// Lets time pass for leases and delays.
    let pass: @Sendable (Duration) async throws -> Void

    /// A queue of the test's own; afterwards it must be consistent.
    static func with(_ kind: Kind, _ body: @Sendable (TestedQueue) async throws -> Void) async throws {
        switch kind {
        case .memory:
            let clock = Mutex<Int64>(1_800_000_000_000_000)
            let queue = MemoryJobQueue(name: "test") { clock.withLock { $0 } }
            let tested = TestedQueue(queue: queue) { time in clock.withLock { $0 += time.microseconds } }
            try await body(tested)
            #expect(try await queue.check() == [])
        case .redis:
            try await RedisJobQueue.with { queue in
                try await body(TestedQueue(queue: queue) { try await queue.pass($0) })
                #expect(try await queue.check(limit: 5000) == [])
            }
        }
    }

    func enqueue(_ ids: String..., tenant: String = "", priority: Int = 0, delay: Duration = .zero, key: String = "") async throws
        -> [EnqueueResult]
    {
        try await queue.enqueue(
            ids.map { try JobRequest(Note(), id: $0, tenant: tenant, priority: priority, delay: delay, uniqueKey: key) })
    }

    func claim(_ want: Int, direct: Int? = nil, lease: Duration = .seconds(60)) async throws -> [Claimed] {
        let reply = try await queue.cycle([], want: want, direct: direct ?? want, lease: lease)
        return try reply.entries.map { entry in
            Claimed(entry: try JobEntry(entry), epoch: reply.epoch, member: Array("\(reply.epoch)|".utf8) + entry)
        }
    }

    func acknowledge(_ jobs: [Claimed]) async throws -> [Int] {
        try await queue.cycle(
            jobs.map { Acknowledgement(member: $0.member, entry: $0.entry) }, want: 0, direct: 0, lease: .seconds(60)
        ).lost
    }

    func fail(_ jobs: [Claimed], _ verb: Failure.Verb, delay: Duration = .seconds(60), reason: String = "because") async throws -> [Int] {
        try await queue.fail(jobs.map { Failure(member: $0.member, verb: verb, delay: delay, reason: reason) })
    }

    func reap() async throws -> ReapReply { try await queue.reap(limit: RedisJobQueue.batchLimit, poisonAfter: 3) }

    /// Lets the leases of these jobs, and all others, expire.
    @discardableResult
    func lose() async throws -> ReapReply {
        try await pass(.seconds(61))
        return try await reap()
    }
}

extension Duration {
    fileprivate var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}

extension RedisJobQueue {
    /// The server's clock cannot be moved, so what it is compared with is: the same for everything but the age of jobs and the
    /// ticks of schedules, which are named by the time they are.
    fileprivate func pass(_ time: Duration) async throws {
        let shift = -time.microseconds / 1000
        for key in [keys.leases, keys.delayed] {
            for member in try await client.send(RedisCommand("ZRANGE", RedisArgument(key), 0, -1)).array?.compactMap(\.bytes) ?? [] {
                _ = try await client.send(RedisCommand("ZINCRBY", RedisArgument(key), RedisArgument(shift), RedisArgument(member)))
            }
        }
        let fields = try await client.send(RedisCommand("HKEYS", RedisArgument(keys.control))).array?.compactMap(\.string) ?? []
        for field in fields where field.hasPrefix("schedule:") {
            let text = try await client.send(RedisCommand("HGET", RedisArgument(keys.control), RedisArgument(field))).string ?? ""
            let state = try #require(ScheduleState(text))
            let past = ScheduleState(watermark: state.watermark + shift / 1000, fired: state.fired, schedule: state.schedule)
            _ = try await client.send(RedisCommand("HSET", RedisArgument(keys.control), RedisArgument(field), RedisArgument(past.text)))
        }
    }
}
