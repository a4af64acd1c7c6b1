import Platform

/// Enqueue again what the files' rows say is outstanding, and sweep what nobody owns.
public struct Reconcile: JobContract {
    public init() {}

    public static var type: String { "reconcile" }
    public static var schemaVersion: Int { 1 }
    public static var queue: String { "maintenance" }

    /// One try: the next tick is the retry.
    public static var policy: RetryPolicy {
        RetryPolicy(maximumAttempts: 1, backoff: Backoff(base: .seconds(1), cap: .seconds(1)))
    }

    /// Once across the fleet every 30 seconds, and never two at a time.
    public static var schedule: PeriodicJob {
        PeriodicJob(name: "reconcile", every: .seconds(30), job: Reconcile())
    }
}
