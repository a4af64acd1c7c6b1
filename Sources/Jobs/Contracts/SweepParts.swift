import Platform

/// Remove uploads that were never renamed from the FTP server.
///
/// On a queue of its own: on a large server it takes long, and nothing may wait for it.
public struct SweepParts: JobContract {
    public init() {}

    public static var type: String { "sweep-parts" }
    public static var schemaVersion: Int { 1 }
    public static var queue: String { "sweep" }

    /// One try: the next tick is the retry.
    public static var policy: RetryPolicy {
        RetryPolicy(maximumAttempts: 1, backoff: Backoff(base: .seconds(1), cap: .seconds(1)))
    }
}
