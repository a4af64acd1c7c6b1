import Platform

/// Remove what has served its time from the stores of accounts: codes, links, browsers, audit events, leftovers in Redis.
///
/// It concerns no staging area, hence a queue of its own that any worker may serve.
public struct PurgeExpired: JobContract {
    public init() {}

    public static var type: String { "purge-expired" }
    public static var schemaVersion: Int { 1 }
    public static var queue: String { "purge" }
    /// How often it runs.
    public static var interval: Duration { .seconds(60) }

    /// One try: the next tick is the retry.
    public static var policy: RetryPolicy {
        RetryPolicy(maximumAttempts: 1, backoff: Backoff(base: .seconds(1), cap: .seconds(1)))
    }
}
