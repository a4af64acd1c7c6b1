public import Platform

/// How often, and after what delays, a job type is tried again.
public struct RetryPolicy: Sendable {
    /// Tries in all, the first included; at least 1.
    public var maximumAttempts: Int
    /// Delays between tries, with jitter.
    public var backoff: Backoff

    /// - Precondition: `maximumAttempts ≥ 1`.
    public init(maximumAttempts: Int, backoff: Backoff) {
        precondition(maximumAttempts >= 1, "a job is tried at least once")
        self.maximumAttempts = maximumAttempts
        self.backoff = backoff
    }

    /// 12 tries over about half an hour.
    public static var standard: RetryPolicy {
        RetryPolicy(maximumAttempts: 12, backoff: Backoff(base: .seconds(1), cap: .seconds(300)))
    }

    /// What follows when try number `attempt` (from 1) has failed: the delay before the next one, or nil when it was the last.
    package func delay(after attempt: Int, asked: Duration?) -> Duration? {
        guard attempt < maximumAttempts else { return nil }
        return asked.map { max(.zero, $0) } ?? backoff.delay(attempt: attempt)
    }
}
