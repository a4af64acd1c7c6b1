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
    /// Acknowledged since the queue exists in this Redis.
    public let done: Int
}
