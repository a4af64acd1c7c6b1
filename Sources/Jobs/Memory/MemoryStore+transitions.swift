import DequeModule
import Platform

extension MemoryStore {
    mutating func enqueue(_ requests: ArraySlice<JobRequest>, at now: Int64) throws(JobsError) -> [EnqueueResult] {
        let fresh = requests.filter { jobs[$0.id] == nil }
        if let length = limits[.length], !fresh.isEmpty, jobs.values.count(where: { !$0.isDead }) + fresh.count > length {
            throw JobsError(.full, "the queue has reached its limit of length, \(length); add workers or raise it")
        }
        let size = fresh.reduce(0) { $0 + MemoryJob($1, at: now).tail.count }
        if let limit = limits[.bytes], !fresh.isEmpty, bytes + size > limit {
            throw JobsError(.full, "the queue has reached its limit of bytes, \(limit); add workers or raise it")
        }
        return requests.map { request in
            if let job = jobs[request.id] { return .duplicate(job.isDead ? .dead : .live) }
            if !request.uniqueKey.isEmpty {
                if let holder = holder(of: request.uniqueKey, besides: request.id) { return .uniqueKeyHeld(by: holder) }
                unique[request.uniqueKey] = request.id
            }
            add(MemoryJob(request, at: now), after: request.delay)
            return .enqueued
        }
    }

    mutating func add(_ job: MemoryJob, after delay: Duration) {
        jobs[job.id] = job
        bytes += job.tail.count
        if delay > .zero {
            self.delay(job.id, until: job.readyAt)
        } else {
            makeReady(job.id, atHead: false)
            wake()
        }
    }

    mutating func fail(_ failures: [Failure], at now: Int64) -> [Int] {
        failures.indices.filter { index in
            let failure = failures[index]
            guard let id = endLease(failure.member)?.id else { return true }
            guard !cancelled.contains(id) else {
                forget(id)
                return false
            }
            jobs[id]?.crashes = 0
            jobs[id]?.losses = 0
            if failure.verb == .retry || failure.verb == .dead { jobs[id]?.attempts += 1 }
            switch failure.verb {
            case .retry, .later: delay(id, until: now + failure.delay.milliseconds)
            case .dead: bury(id, String(failure.reason.prefix(Failure.maximumReason)), at: now)
            case .park: park(id, failure.reason)
            }
            return false
        }
    }

    mutating func beat(started: [[UInt8]], waiting: [[UInt8]], until expiry: Int64) -> BeatReply {
        var (lost, marked): ([Int], [Int]) = ([], [])
        for (index, member) in (started + waiting).enumerated() {
            guard let id = leases[member]?.id else {
                lost.append(index)
                continue
            }
            leases[member]?.expiry = expiry
            leases[member]?.isStarted = index < started.count
            if cancelled.contains(id) { marked.append(index) }
        }
        return BeatReply(lost: lost, cancelled: marked)
    }

    mutating func reap(limit: Int, poisonAfter: Int, at now: Int64) -> ReapReply {
        let expired = leases.filter { $0.value.expiry <= now }
            .sorted { left, right in
                guard left.value.expiry == right.value.expiry else { return left.value.expiry < right.value.expiry }
                return left.key.lexicographicallyPrecedes(right.key)
            }
            .prefix(limit)
        var (returned, crashed, poisoned) = (0, 0, 0)
        for (member, lease) in expired.reversed() {
            guard var job = endLease(member) else { continue }
            guard !cancelled.contains(job.id) else {
                forget(job.id)
                continue
            }
            if lease.isStarted || job.losses > 0 {
                job.crashes += 1
                crashed += 1
            } else {
                job.losses += 1
            }
            jobs[job.id]?.crashes = job.crashes
            jobs[job.id]?.losses = job.losses
            guard job.crashes < poisonAfter else {
                bury(job.id, "poison: the worker was lost \(job.crashes) times in a row while it ran", at: now)
                poisoned += 1
                continue
            }
            returned += 1
            jobs[job.id]?.readyAt = now
            if job.crashes > 0, job.crashes == poisonAfter - 1 { suspect(job.id) } else { makeReady(job.id, atHead: true) }
        }
        let hasWork = !ring.isEmpty || !suspects.isEmpty || delayed.first.map { $0.due <= now } ?? false
        if hasWork { wake() }
        let next = leases.values.map(\.expiry).min()
        return ReapReply(
            returned: returned, crashed: crashed, poisoned: poisoned, untilNext: next.map { .milliseconds(max(0, $0 - now)) },
            hasWork: hasWork, parked: Array(parked.keys))
    }

    private mutating func suspect(_ id: String, atHead: Bool = false) {
        jobs[id]?.place = .suspect
        if atHead { suspects.prepend(id) } else { suspects.append(id) }
    }

    mutating func release(_ members: [[UInt8]]) -> Int {
        var released = 0
        for member in members.reversed() {
            guard let job = endLease(member) else { continue }
            released += 1
            if cancelled.contains(job.id) {
                forget(job.id)
            } else if member == suspectLease {
                suspect(job.id, atHead: true)
            } else {
                makeReady(job.id, atHead: true)
            }
        }
        if released > 0 { wake() }
        return released
    }

    mutating func unpark(_ kind: String, type: String, at now: Int64) {
        guard !pauses.contains(.type(type)), let ids = parked.removeValue(forKey: kind) else { return }
        for id in ids.reversed() {
            if cancelled.contains(id) {
                forget(id)
            } else {
                jobs[id]?.readyAt = now
                if jobs[id]?.crashes ?? 0 > 0 { suspect(id, atHead: true) } else { makeReady(id, atHead: true) }
            }
        }
        wake()
    }
}
