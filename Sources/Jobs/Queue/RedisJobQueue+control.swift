import Redis

/// What an operator may stop.
public enum PauseScope: Sendable, Hashable {
    case queue
    case tenant(String)
    /// Waiting jobs of the type are parked when they are met, and come back to the head of their lanes.
    case type(String)
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

    fileprivate var field: String {
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

    fileprivate var values: ClosedRange<Int> {
        switch self {
        case .weight: 1...64
        case .rate, .burst: 1...1_000_000
        case .length, .bytes, .inFlight, .inFlightPerTenant: 1...(1 << 50)
        }
    }
}

extension RedisJobQueue {
    /// Stops claims; what runs goes on.
    /// - Returns: whether that changed anything.
    /// - Throws: `.invalidJob` for a name that no job can have.
    @discardableResult
    public func pause(_ scope: PauseScope = .queue) async throws(JobsError) -> Bool {
        try await switchClaims("pause", scope)
    }

    /// Ends a pause.
    /// - Returns: whether there was one.
    @discardableResult
    public func resume(_ scope: PauseScope = .queue) async throws(JobsError) -> Bool {
        let changed = try await switchClaims("resume", scope)
        if case .type(let type) = scope { try await unpark(kind: type, type: type) }
        return changed
    }

    private func switchClaims(_ verb: RedisArgument, _ scope: PauseScope) async throws(JobsError) -> Bool {
        let (kind, name, isValid): (RedisArgument, String, Bool) =
            switch scope {
            case .queue: ("queue", "", true)
            case .tenant(let tenant): ("tenant", tenant, JobName.isTenant(tenant))
            case .type(let type): ("type", type, JobName.isType(type))
            }
        guard isValid else { throw JobsError(.invalidJob, "no job can have such a tenant or type") }
        return try await count(QueueScripts.pause, [verb, kind, RedisArgument(name)]) == 1
    }

    /// Sets a limit, or lifts it with nil. What is in flight or enqueued beyond it stays.
    /// - Throws: `.invalidJob` for a value that is out of range.
    public func limit(_ limit: QueueLimit, to value: Int?) async throws(JobsError) {
        if case .weight(let tenant) = limit, !JobName.isTenant(tenant) { throw JobsError(.invalidJob, "no job can have such a tenant") }
        if let value, !limit.values.contains(value) {
            throw JobsError(.invalidJob, "this limit is \(limit.values.lowerBound) to \(limit.values.upperBound)")
        }
        _ = try await count(QueueScripts.limit, [RedisArgument(limit.field), RedisArgument(value.map { String($0) } ?? "")])
    }

    /// Cancels jobs, waiting or running. One that waits is removed when it is met; until then its id exists.
    /// - Returns: one result per id, in their order.
    @discardableResult
    public func cancel(_ ids: [String]) async throws(JobsError) -> [CancelResult] {
        var results: [CancelResult] = []
        var rest = ids[...]
        while !rest.isEmpty {
            let codes = try await integers(QueueScripts.cancel, rest.prefix(Self.batchLimit).map { RedisArgument($0) })
            guard codes.count == min(rest.count, Self.batchLimit) else { throw unexpected(QueueScripts.cancel) }
            results += codes.map { $0 == 2 ? .cancelled : $0 == 1 ? .dead : .notFound }
            rest = rest.dropFirst(Self.batchLimit)
        }
        return results
    }
}
