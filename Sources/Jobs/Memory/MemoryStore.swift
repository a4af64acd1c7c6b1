import DequeModule

/// The structures of `docs/queue.md` inside a process, and their transitions: no I/O, no clock.
///
/// Times are milliseconds since 1970, as in Redis.
struct MemoryStore: Sendable {
    struct Lease: Sendable {
        let id: String
        var expiry: Int64
        var isStarted: Bool
    }

    struct DelayedJob: Sendable {
        let due: Int64
        let id: String
    }

    var jobs: [String: MemoryJob] = [:]
    var lanes: [String: Deque<String>] = [:]
    /// Lanes with ready jobs that may be claimed, by virtual time; those that may not are in `aside`.
    var ring: [String: Double] = [:]
    var aside: Set<String> = []
    /// In the order of their time.
    var delayed: Deque<DelayedJob> = []
    var leases: [[UInt8]: Lease] = [:]
    var suspects: Deque<String> = []
    var suspectLease: [UInt8]?
    var parked: [String: Deque<String>] = [:]
    var cancelled: Set<String> = []
    var unique: [String: String] = [:]
    var inFlight: [String: Int] = [:]
    var limits: [QueueLimit: Int] = [:]
    var pauses: Set<PauseScope> = []
    /// How schedules stand, as `ScheduleState` writes it.
    var schedules: [String: String] = [:]
    var tokens: (left: Double, at: Int64)?
    var epoch: Int64 = 0
    var bytes = 0
    var done = 0
    var hasToken = false

    mutating func wake() { hasToken = true }

    // MARK: Lanes

    static func priority(of lane: String) -> Int { Int(lane.utf8.first ?? 0x30) - 0x30 }
    static func tenant(of lane: String) -> String { String(lane.dropFirst(2)) }

    func room(of tenant: String) -> Int? {
        limits[.inFlightPerTenant].map { $0 - inFlight[tenant, default: 0] }
    }

    func isOpen(_ tenant: String) -> Bool {
        !pauses.contains(.tenant(tenant)) && (room(of: tenant) ?? 1) > 0
    }

    /// Puts a lane that has ready jobs where it belongs: into the ring, at the virtual time of the lane that is served next.
    mutating func enter(_ lane: String) {
        ring[lane] = nil
        aside.remove(lane)
        guard lanes[lane]?.isEmpty == false else { return }
        guard isOpen(Self.tenant(of: lane)) else {
            aside.insert(lane)
            return
        }
        let priority = Self.priority(of: lane)
        ring[lane] = ring.filter { Self.priority(of: $0.key) == priority }.values.min() ?? 0
    }

    mutating func reopen() {
        for lane in aside.sorted() { enter(lane) }
    }

    mutating func makeReady(_ id: String, atHead: Bool) {
        guard let lane = jobs[id]?.lane else { return }
        jobs[id]?.place = .ready
        if atHead { lanes[lane, default: []].prepend(id) } else { lanes[lane, default: []].append(id) }
        if lanes[lane]?.count == 1 { enter(lane) }
    }

    // MARK: Other places

    mutating func delay(_ id: String, until due: Int64) {
        jobs[id]?.place = .delayed
        jobs[id]?.readyAt = due
        let index = delayed.partitioningIndex { $0.due > due }
        if index == 0 { wake() }
        delayed.insert(DelayedJob(due: due, id: id), at: index)
    }

    mutating func park(_ id: String, _ kind: String) {
        jobs[id]?.place = .parked(kind)
        parked[kind, default: []].append(id)
    }

    mutating func bury(_ id: String, _ reason: String, at now: Int64) {
        unlock(id)
        jobs[id]?.place = .dead(at: now, reason: reason.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: " "))
    }

    /// Removes the traces of a job that is in none of the structures any more.
    mutating func forget(_ id: String) {
        unlock(id)
        cancelled.remove(id)
        if let job = jobs.removeValue(forKey: id) { bytes -= job.tail.count }
    }

    mutating func unlock(_ id: String) {
        if let key = jobs[id]?.uniqueKey, unique[key] == id { unique[key] = nil }
    }

    /// Whether a job other than `id` holds the key.
    func holder(of key: String, besides id: String) -> String? {
        guard let holder = unique[key], holder != id, let job = jobs[holder], !job.isDead else { return nil }
        return holder
    }

    /// - Returns: nil when the lease does not exist.
    mutating func endLease(_ member: [UInt8]) -> MemoryJob? {
        guard let lease = leases.removeValue(forKey: member), let job = jobs[lease.id] else { return nil }
        inFlight[job.tenant, default: 0] -= 1
        if inFlight[job.tenant] == 0 { inFlight[job.tenant] = nil }
        jobs[lease.id]?.previousEpoch = Self.epoch(of: member)
        if limits[.inFlightPerTenant] != nil { reopen() }
        if !ring.isEmpty { wake() }
        return job
    }

    private static func epoch(of member: [UInt8]) -> Int64 {
        Int64(String(decoding: member.prefix { $0 != UInt8(ascii: "|") }, as: UTF8.self)) ?? 0
    }
}

extension Deque {
    /// Where a sorted collection begins to satisfy `predicate`.
    fileprivate func partitioningIndex(_ predicate: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
