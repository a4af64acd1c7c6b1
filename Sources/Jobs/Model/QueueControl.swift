/// What an operator may stop.
public enum PauseScope: Sendable, Hashable {
    case queue
    case tenant(String)
    /// Waiting jobs of the type are parked when they are met, and come back to the head of their lanes.
    case type(String)

    func validate() throws(JobsError) {
        let isValid =
            switch self {
            case .queue: true
            case .tenant(let tenant): JobName.isTenant(tenant)
            case .type(let type): JobName.isType(type)
            }
        guard isValid else { throw JobsError(.invalidJob, "no job can have such a tenant or type") }
    }
}

/// What became of a cancellation.
public enum CancelResult: Sendable, Hashable {
    case notFound
    /// Dead jobs are dropped, not cancelled.
    case dead
    /// It will not be started any more; the handler of one that runs is cancelled within a third of a lease.
    case cancelled
}

/// A limit that operators set; it lasts until it is lifted, and holds for all workers and producers.
public enum QueueLimit: Sendable, Hashable {
    /// Jobs that exist, dead ones apart. More are refused with `.full`.
    case length
    /// Bytes of all jobs, dead ones included. More are refused with `.full`.
    case bytes
    case inFlight
    case inFlightPerTenant
    /// Claims per second, over a token bucket that holds `burst`.
    case rate
    case burst
    /// A tenant's share among others of its priority; 1 unless set, up to 64.
    case weight(tenant: String)

    var field: String {
        switch self {
        case .length: "max-length"
        case .bytes: "max-bytes"
        case .inFlight: "max-in-flight"
        case .inFlightPerTenant: "max-tenant"
        case .rate: "rate"
        case .burst: "burst"
        case .weight(let tenant): "w:\(tenant)"
        }
    }

    /// Whether it holds for each tenant, not for all of the queue.
    var isOfTenants: Bool {
        switch self {
        case .inFlightPerTenant, .weight: true
        case .length, .bytes, .inFlight, .rate, .burst: false
        }
    }

    /// - Parameter value: nil lifts the limit.
    /// - Throws: `.invalidJob` for a value that is out of range, and for a tenant that no job can have.
    public func validate(_ value: Int?) throws(JobsError) {
        if case .weight(let tenant) = self, !JobName.isTenant(tenant) { throw JobsError(.invalidJob, "no job can have such a tenant") }
        guard let value else { return }
        guard values.contains(value) else {
            throw JobsError(.invalidJob, "this limit is \(values.lowerBound) to \(values.upperBound)")
        }
    }

    private var values: ClosedRange<Int> {
        switch self {
        case .weight: 1...64
        case .rate, .burst: 1...1_000_000
        case .length, .bytes, .inFlight, .inFlightPerTenant: 1...(1 << 50)
        }
    }
}
