public import Logging
import Platform

/// What a handler knows about the run of its job.
public struct JobContext: Sendable {
    public let id: String
    public let type: String
    public let tenant: String
    /// The fencing token of this run: larger than that of every earlier run of the same job.
    public let epoch: Int64
    /// The token of the run before, when there was one: its worker was lost, handed the job back, or the run failed.
    public let previousEpoch: Int64?
    /// 1 for the first try.
    public let attempt: Int
    /// How many workers in a row were lost while the job ran.
    public let crashes: Int
    /// Whether `.retry` would lead to the dead set.
    public let isLast: Bool
    /// When this run is cancelled, if it is limited.
    public let deadline: ContinuousClock.Instant?
    public let traceParent: TraceParent?
    private let base: Logger
    private let currency: @Sendable () -> Bool

    package init(
        id: String, type: String, tenant: String = "", epoch: Int64, previousEpoch: Int64? = nil, attempt: Int = 1, crashes: Int = 0,
        isLast: Bool = false, deadline: ContinuousClock.Instant? = nil, traceParent: TraceParent? = nil, logger: Logger,
        isCurrent: @escaping @Sendable () -> Bool = { true }
    ) {
        self.id = id
        self.type = type
        self.tenant = tenant
        self.epoch = epoch
        self.previousEpoch = previousEpoch
        self.attempt = attempt
        self.crashes = crashes
        self.isLast = isLast
        self.deadline = deadline
        self.traceParent = traceParent
        base = logger
        currency = isCurrent
    }

    /// Names the job in every line. Made on demand, since most jobs log nothing.
    public var logger: Logger {
        var logger = base
        logger[.job] = "\(id)"
        logger[.jobType] = "\(type)"
        logger[.attempt] = "\(attempt)"
        return logger
    }

    /// Whether the lease is still held, by the monotonic clock of this machine, the time of suspension included. False
    /// means that another worker may have the job; ask before every step that cannot be undone.
    public func isCurrent() -> Bool { currency() }
}
