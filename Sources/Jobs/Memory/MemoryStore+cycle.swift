import DequeModule
import Platform

extension MemoryStore {
    /// - Parameter micros: the time in microseconds, of which epochs are made.
    mutating func cycle(
        _ acknowledgements: [Acknowledgement], want: Int, direct: Int, lease: Duration, micros: Int64
    ) -> CycleReply {
        let now = micros / 1000
        var lost: [Int] = []
        for (index, acknowledgement) in acknowledgements.enumerated() {
            if let job = endLease(acknowledgement.member) {
                forget(job.id)
                done += 1
            } else {
                lost.append(index)
            }
        }
        while let first = delayed.first, first.due <= now {
            delayed.removeFirst()
            makeReady(first.id, atHead: false)
        }
        let allowed = allowance(of: want, at: now)
        var claimed = takeSuspect(allowed)
        let suspect = claimed.first
        while claimed.count < allowed, let lane = next() {
            claimed += serve(lane, upTo: quantum(of: lane, left: allowed - claimed.count))
        }
        if let left = tokens?.left, want > 0 { tokens = (left - Double(claimed.count), now) }
        let entries = claim(claimed, suspect: suspect, direct: direct, until: now + lease.milliseconds, micros: micros)
        hasToken = want == 0 ? hasToken : claimed.count == want && !ring.isEmpty
        return CycleReply(
            now: now, epoch: entries.isEmpty ? 0 : epoch, untilDue: claimed.count < want ? untilMore(at: now) : nil, lost: lost,
            entries: entries)
    }

    /// What the limits leave of what is wanted.
    private mutating func allowance(of want: Int, at now: Int64) -> Int {
        var allowed = pauses.contains(.queue) ? 0 : want
        if let limit = limits[.inFlight] { allowed = min(allowed, max(0, limit - leases.count)) }
        guard let rate = limits[.rate] else { return allowed }
        let burst = Double(limits[.burst] ?? max(1, rate))
        let former = tokens ?? (burst, now)
        let left = min(burst, former.left + Double(max(0, now - former.at) * Int64(rate)) / 1000)
        tokens = (left, now)
        return min(allowed, Int(left.rounded(.down)))
    }

    private mutating func takeSuspect(_ allowed: Int) -> [String] {
        guard allowed > 0, suspectLease.map({ leases[$0] == nil }) ?? true else { return [] }
        guard let id = suspects.popFirst(), let job = jobs[id] else { return [] }
        guard isWanted(id) else { return [] }
        guard !pauses.contains(.tenant(job.tenant)) else {
            suspects.append(id)
            return []
        }
        inFlight[job.tenant, default: 0] += 1
        return [id]
    }

    /// Whether a job may be handed out; what may not is put where it belongs.
    private mutating func isWanted(_ id: String) -> Bool {
        if cancelled.contains(id) {
            forget(id)
        } else if let type = jobs[id]?.type, pauses.contains(.type(type)) {
            park(id, type)
        } else {
            return true
        }
        return false
    }

    /// The lane whose turn it is: of the highest priority, then of the lowest virtual time.
    private func next() -> String? {
        ring.min { left, right in
            (-Self.priority(of: left.key), left.value, left.key) < (-Self.priority(of: right.key), right.value, right.key)
        }?.key
    }

    private func quantum(of lane: String, left: Int) -> Int {
        let active = ring.keys.count { Self.priority(of: $0) == Self.priority(of: lane) }
        return active > 1 ? max(1, min(16, (left + active - 1) / active)) : left
    }

    private mutating func serve(_ lane: String, upTo quantum: Int) -> [String] {
        let tenant = Self.tenant(of: lane)
        // A limit that was lowered, or a suspect beside it, leaves less than nothing.
        let share = max(0, min(quantum, room(of: tenant) ?? quantum))
        let taken = lanes[lane]?.prefix(share).map(\.self) ?? []
        lanes[lane]?.removeFirst(taken.count)
        var kept: [String] = []
        for id in taken where isWanted(id) { kept.append(id) }
        inFlight[tenant, default: 0] += kept.count
        if inFlight[tenant] == 0 { inFlight[tenant] = nil }
        if lanes[lane]?.isEmpty == true { lanes[lane] = nil }
        if lanes[lane] == nil || !isOpen(tenant) {
            enter(lane)
        } else {
            ring[lane, default: 0] += Double(kept.count) / Double(limits[.weight(tenant: tenant)] ?? 1)
        }
        return kept
    }

    private mutating func claim(
        _ ids: [String], suspect: String?, direct: Int, until expiry: Int64, micros: Int64
    ) -> [[UInt8]] {
        guard !ids.isEmpty else { return [] }
        epoch = max(micros, epoch + 1)
        return ids.enumerated().map { index, id in
            guard let entry = jobs[id]?.entry else { return [] }
            let member = Array("\(epoch)|".utf8) + entry
            leases[member] = Lease(id: id, expiry: expiry, isStarted: index < direct || id == suspect)
            jobs[id]?.place = .leased(member)
            if id == suspect { suspectLease = member }
            return entry
        }
    }

    private func untilMore(at now: Int64) -> Duration? {
        guard !pauses.contains(.queue) else { return nil }
        var waits: [Int64] = []
        if let first = delayed.first { waits.append(max(0, first.due - now)) }
        if !suspects.isEmpty { waits.append(1000) }
        if let rate = limits[.rate], let left = tokens?.left, left < 1, !ring.isEmpty {
            waits.append(Int64(((1 - left) * 1000 / Double(rate)).rounded(.up)))
        }
        return waits.min().map { .milliseconds($0) }
    }
}
