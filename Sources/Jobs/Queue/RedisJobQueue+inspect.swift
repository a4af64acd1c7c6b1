import Redis

/// The gauges of a queue.
public struct QueueSnapshot: Sendable, Hashable {
    /// Those included that may not run now: tenant paused or at its limit.
    public let ready: Int
    public let delayed: Int
    public let inFlight: Int
    public let dead: Int
    /// How long the oldest ready job has been ready: the signal to add workers by.
    public let oldestAge: Duration
    /// Pairs of priority and tenant that have ready jobs.
    public let lanes: Int
    /// Ready jobs whose next crash would be the last; they run one at a time.
    public let suspects: Int
    /// Jobs of paused types, and of types that no worker knew.
    public let parked: Int
    /// Cancelled jobs that nobody has met since; they still count where they are.
    public let cancelled: Int
    /// Of all jobs, dead ones included: what `QueueLimits.bytes` caps.
    public let bytes: Int
    public let isPaused: Bool
}

extension RedisJobQueue {
    /// Reads all gauges; the cost does not depend on the length of the queue.
    public func snapshot() async throws(JobsError) -> QueueSnapshot {
        let values = try await integers(QueueScripts.snapshot)
        guard values.count == 11 else { throw unexpected(QueueScripts.snapshot) }
        return QueueSnapshot(
            ready: values[0], delayed: values[1], inFlight: values[2], dead: values[3], oldestAge: .milliseconds(values[4]),
            lanes: values[5], suspects: values[6], parked: values[7], cancelled: values[8], bytes: values[9], isPaused: values[10] == 1)
    }

    /// Cross-checks the structures in Redis.
    /// - Parameter limit: how many members of each structure are read; the totals always cover all.
    /// - Returns: one sentence per violation; empty when all is well.
    public func check(limit: Int = 1000) async throws(JobsError) -> [String] {
        guard let values = try await run(QueueScripts.check, [RedisArgument(min(max(limit, 1), 5000))]).array else {
            throw unexpected(QueueScripts.check)
        }
        return values.compactMap(\.string)
    }
}
