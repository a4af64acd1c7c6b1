import DequeModule

extension MemoryStore {
    func snapshot(at now: Int64) -> QueueSnapshot {
        let oldest = ring.keys.compactMap { lanes[$0]?.first.flatMap { jobs[$0]?.readyAt } }.min()
        let parkedJobs = parked.values.reduce(0) { $0 + $1.count }
        let dead = jobs.values.count(where: \.isDead)
        return QueueSnapshot(
            ready: jobs.count - delayed.count - leases.count - dead - parkedJobs, delayed: delayed.count, inFlight: leases.count,
            dead: dead,
            oldestAge: .milliseconds(oldest.map { max(0, now - $0) } ?? 0), lanes: ring.count + aside.count, suspects: suspects.count,
            parked: parkedJobs, cancelled: cancelled.count, bytes: bytes, isPaused: pauses.contains(.queue), done: done)
    }

    func dead(after cursor: DeadCursor?, limit: Int) -> [DeadJob] {
        var found: [DeadJob] = []
        for job in jobs.values {
            guard case .dead(let time, let reason) = job.place else { continue }
            if let cursor, (time, job.id) <= (cursor.diedAt, cursor.id) { continue }
            found.append(
                DeadJob(
                    id: job.id, diedAt: time, reason: reason, type: job.type, tenant: job.tenant, attempts: job.attempts,
                    crashes: job.crashes))
        }
        return Array(found.sorted { ($0.diedAt, $0.id) < ($1.diedAt, $1.id) }.prefix(min(max(limit, 1), RedisJobQueue.batchLimit)))
    }

    mutating func replay(_ ids: [String], at now: Int64) -> Int {
        ids.count { id in
            guard let job = jobs[id], job.isDead else { return false }
            if !job.uniqueKey.isEmpty {
                guard holder(of: job.uniqueKey, besides: id) == nil else { return false }
                unique[job.uniqueKey] = id
            }
            jobs[id]?.attempts = 0
            jobs[id]?.crashes = 0
            jobs[id]?.losses = 0
            jobs[id]?.readyAt = now
            makeReady(id, atHead: false)
            wake()
            return true
        }
    }

    mutating func drop(_ ids: [String]) -> Int {
        ids.count { id in
            guard jobs[id]?.isDead == true else { return false }
            forget(id)
            return true
        }
    }

    mutating func cancel(_ ids: [String]) -> [CancelResult] {
        ids.map { id in
            guard let job = jobs[id] else { return .notFound }
            if job.isDead { return .dead }
            cancelled.insert(id)
            return .cancelled
        }
    }

    mutating func pause(_ scope: PauseScope) -> Bool {
        guard pauses.insert(scope).inserted else { return false }
        for lane in Array(ring.keys) where !isOpen(Self.tenant(of: lane)) { enter(lane) }
        return true
    }

    mutating func resume(_ scope: PauseScope, at now: Int64) -> Bool {
        let changed = pauses.remove(scope) != nil
        reopen()
        if case .type(let type) = scope { unpark(type, type: type, at: now) }
        wake()
        return changed
    }

    mutating func limit(_ limit: QueueLimit, to value: Int?) {
        limits[limit] = value
        if limit == .rate || limit == .burst { tokens = nil }
        reopen()
        wake()
    }

    /// The structures against the place that each job says it is in.
    func check() -> [String] {
        var found: [String] = []
        var places: [String: MemoryJob.Place] = [:]
        func visit(_ id: String, _ place: MemoryJob.Place) {
            if jobs[id]?.place != place { found.append("job \(id) is not where it says") }
            if places.updateValue(place, forKey: id) != nil { found.append("job \(id) is in two places") }
        }
        for (lane, ids) in lanes {
            for id in ids { visit(id, .ready) }
            if ids.isEmpty || (ring[lane] != nil) == aside.contains(lane) { found.append("lane \(lane) is misplaced") }
        }
        for job in delayed { visit(job.id, .delayed) }
        for (member, lease) in leases { visit(lease.id, .leased(member)) }
        for id in suspects { visit(id, .suspect) }
        for (kind, ids) in parked { for id in ids { visit(id, .parked(kind)) } }
        for job in jobs.values where job.isDead { visit(job.id, job.place) }
        if places.count != jobs.count { found.append("\(jobs.count) jobs, \(places.count) in their places") }
        if bytes != jobs.values.reduce(0, { $0 + $1.tail.count }) { found.append("bytes are miscounted") }
        let tenants = Dictionary(grouping: leases.values.compactMap { jobs[$0.id]?.tenant }, by: \.self).mapValues(\.count)
        if tenants != inFlight { found.append("tenants' jobs in flight are miscounted") }
        for id in cancelled where jobs[id]?.isDead ?? true { found.append("job \(id) is cancelled but does not wait or run") }
        for (key, id) in unique where jobs[id]?.isDead ?? true { found.append("unique key \(key) is held by a job that does not live") }
        return found
    }
}
