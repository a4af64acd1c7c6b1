import Jobs

/// What a queue of notes must look like after some operations, without saying which job comes first: the reference of the property
/// tests.
struct QueueModel {
    enum Place: Equatable {
        case ready, suspect, parked, dead
        case delayed(until: Int)
        case leased(until: Int, isStarted: Bool)
    }

    struct Job {
        let tenant: String
        let key: String
        var place: Place
        var attempts = 0
        var crashes = 0
        var losses = 0
        var isCancelled = false
        /// Of the last claim.
        var epoch: Int64 = 0

        var isLeased: Bool { if case .leased = place { true } else { false } }
    }

    var jobs: [String: Job] = [:]
    /// Seconds.
    var now = 0
    var tenantLimit: Int?
    var limit: Int?
    var pausedTenants: Set<String> = []
    var isTypePaused = false
    var done = 0

    // MARK: Producers

    mutating func enqueue(_ id: String, tenant: String, delay: Int, key: String) -> EnqueueResult {
        if let job = jobs[id] { return .duplicate(job.place == .dead ? .dead : .live) }
        if !key.isEmpty, let holder = holder(of: key) { return .uniqueKeyHeld(by: holder) }
        jobs[id] = Job(tenant: tenant, key: key, place: delay > 0 ? .delayed(until: now + delay) : .ready)
        return .enqueued
    }

    private func holder(of key: String) -> String? {
        jobs.first { $0.value.key == key && $0.value.place != .dead }?.key
    }

    // MARK: Workers

    mutating func promote() {
        for (id, job) in jobs { if case .delayed(let due) = job.place, due <= now { jobs[id]?.place = .ready } }
    }

    func mayRun(_ job: Job) -> Bool { !pausedTenants.contains(job.tenant) }

    /// Whether this is a right answer to a claim, given that it handed out `ids`. The claim was for more than there can be.
    mutating func accept(claimed ids: [String], direct: Int, lease: Int) -> String? {
        promote()
        var room = limit.map { $0 - jobs.values.count(where: \.isLeased) } ?? .max
        var rooms: [String: Int] = [:]
        if let tenantLimit {
            for job in jobs.values { rooms[job.tenant] = tenantLimit }
            for job in jobs.values where job.isLeased { rooms[job.tenant, default: 0] -= 1 }
        }
        for (index, id) in ids.enumerated() {
            guard let job = jobs[id] else { return "\(id) does not exist" }
            guard job.place == .ready || job.place == .suspect, !job.isCancelled, !isTypePaused, mayRun(job) else {
                return "\(id) may not be claimed: \(job)"
            }
            let isSuspect = job.place == .suspect
            if isSuspect, index > 0 { return "\(id) is a suspect, but not the first" }
            room -= 1
            if room < 0 { return "more than the limit are in flight" }
            rooms[job.tenant]? -= 1
            if let left = rooms[job.tenant], left < 0, !isSuspect { return "tenant \(job.tenant) is above its limit" }
            jobs[id]?.place = .leased(until: now + lease, isStarted: index < direct || isSuspect)
        }
        if room > 0 { sweep(rooms) }
        let left = jobs.filter { $0.value.place == .ready && mayRun($0.value) && (rooms[$0.value.tenant] ?? 1) > 0 }
        if room > 0, !left.isEmpty { return "\(left.keys.sorted()) were not handed out" }
        return nil
    }

    /// What a claim removes or parks because it met it.
    private mutating func sweep(_ rooms: [String: Int]) {
        for (id, job) in jobs where job.place == .ready && mayRun(job) && (rooms[job.tenant] ?? 1) > 0 {
            if job.isCancelled { jobs[id] = nil } else if isTypePaused { jobs[id]?.place = .parked }
        }
    }

    mutating func acknowledge(_ id: String) {
        jobs[id] = nil
        done += 1
    }

    mutating func fail(_ id: String, _ verb: Failure.Verb, delay: Int) {
        guard var job = jobs[id] else { return }
        job.crashes = 0
        job.losses = 0
        if verb == .retry || verb == .dead { job.attempts += 1 }
        job.place =
            switch verb {
            case .retry, .later: .delayed(until: now + delay)
            case .dead: .dead
            case .park: .parked
            }
        jobs[id] = job.isCancelled ? nil : job
    }

    mutating func release(_ id: String, wasSuspect: Bool) {
        jobs[id]?.place = wasSuspect ? .suspect : .ready
        if jobs[id]?.isCancelled == true { jobs[id] = nil }
    }

    mutating func reap() {
        for (id, job) in jobs {
            guard case .leased(let expiry, let isStarted) = job.place, expiry <= now else { continue }
            var job = job
            if isStarted || job.losses > 0 { job.crashes += 1 } else { job.losses += 1 }
            job.place = job.crashes >= 3 ? .dead : job.crashes == 2 ? .suspect : .ready
            jobs[id] = job.isCancelled ? nil : job
        }
    }

    mutating func unpark() {
        for (id, job) in jobs where job.place == .parked {
            jobs[id] = job.isCancelled ? nil : job.moved(to: job.crashes > 0 ? .suspect : .ready)
        }
    }

    // MARK: Operators

    mutating func cancel(_ id: String) -> CancelResult {
        guard let job = jobs[id] else { return .notFound }
        if job.place == .dead { return .dead }
        jobs[id]?.isCancelled = true
        return .cancelled
    }

    mutating func replay(_ id: String) -> Int {
        guard let job = jobs[id], job.place == .dead, job.key.isEmpty || holder(of: job.key) == nil else { return 0 }
        jobs[id] = Job(tenant: job.tenant, key: job.key, place: .ready)
        return 1
    }

    /// Ready, delayed, in flight, dead, parked, suspects, cancelled, done.
    var counts: [Int] {
        func count(_ isThere: (Job) -> Bool) -> Int { jobs.values.count(where: isThere) }
        return [
            count { $0.place == .ready || $0.place == .suspect }, count { if case .delayed = $0.place { true } else { false } },
            count(\.isLeased), count { $0.place == .dead }, count { $0.place == .parked }, count { $0.place == .suspect },
            count(\.isCancelled), done,
        ]
    }
}

extension QueueModel.Job {
    fileprivate func moved(to place: QueueModel.Place) -> Self {
        var job = self
        job.place = place
        return job
    }
}

extension QueueSnapshot {
    var counts: [Int] { [ready, delayed, inFlight, dead, parked, suspects, cancelled, done] }
}
