import Platform

/// Enqueue again what the files' rows say is outstanding, and sweep staged bytes that nobody owns.
public struct Reconcile: JobContract {
    public init() {}

    public static var type: String { "reconcile" }
    public static var schemaVersion: Int { 1 }
    public static var queue: String { "maintenance" }

    /// One try: the next tick is the retry.
    public static var policy: RetryPolicy {
        RetryPolicy(maximumAttempts: 1, backoff: Backoff(base: .seconds(1), cap: .seconds(1)))
    }
}
