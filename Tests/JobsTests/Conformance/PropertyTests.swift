import Jobs
import Platform
import TestSupport
import Testing

/// Random operations on the queue and on a model of it: after each, both look alike and `check` finds nothing.
@Suite(.requires(.redis), .timeLimit(.minutes(2 * Patience.factor))) struct ConformancePropertyTests {
    @Test("H94 whatever is done to a queue, it stays what the model says", arguments: TestedQueue.Kind.allCases, 0..<6)
    func operations(_ kind: TestedQueue.Kind, _ round: Int) async throws {
        // Fixed rounds find again what was found before; the last two look for more.
        let seed = round < 4 ? UInt64(round) : UInt64.random(in: .min ... .max)
        try await TestedQueue.with(kind) { queue in
            var driver = Driver(queue: queue, seed: seed)
            for step in 0..<250 {
                let operation = try await driver.step()
                let place: Comment = "seed \(seed), step \(step): \(operation)"
                let counts = try await queue.queue.snapshot().counts
                try #require(counts == driver.model.counts, place)
                let violations = try await queue.queue.check(limit: 5000)
                try #require(violations == [], place)
            }
        }
    }
}

private struct Driver {
    private struct Held {
        let job: Claimed
        let wasSuspect: Bool
    }

    /// Seconds of a lease, and what delays and the passing of time are counted in: so many that the time a run takes makes nothing due.
    private static let unit = 3600

    let queue: TestedQueue
    var model = QueueModel()
    private var generator: SeededGenerator
    /// What a worker believes to hold; the leases of some may be lost.
    private var held: [Held] = []

    init(queue: TestedQueue, seed: UInt64) {
        self.queue = queue
        generator = SeededGenerator(state: seed)
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    /// Half of the ids are UUIDs of some moments, which the queue keeps by time.
    private mutating func anyID() -> String {
        let number = number(0...40)
        guard number % 2 == 0 else { return "j\(number)" }
        var fixed = SeededGenerator(state: UInt64(number))
        return UUIDv7(milliseconds: 1_700_000_000_000 + Int64(number / 6) * 40, using: &fixed).description
    }
    private mutating func isLucky(_ percent: Int) -> Bool { number(1...100) <= percent }

    /// - Returns: what was done.
    mutating func step() async throws -> String {
        switch number(1...100) {
        case ...25: return try await enqueue()
        case ...45: return try await claim()
        case ...57: return try await acknowledge()
        case ...67: return try await fail()
        case ...71: return try await release()
        case ...79: return try await passTime()
        case ...85: return try await cancel()
        case ...90: return try await replayOrDrop()
        case ...94: return try await pauseTenant()
        case ...96: return try await park()
        default: return try await limit()
        }
    }

    private mutating func enqueue() async throws -> String {
        var requests: [JobRequest] = []
        var expected: [EnqueueResult] = []
        for _ in 0..<number(1...6) {
            let (id, tenant) = (anyID(), "t\(number(0...2))")
            let delay = isLucky(20) ? Self.unit * number(1...3) : 0
            let key = isLucky(20) ? "k\(number(0...3))" : ""
            let text = isLucky(5) ? String(repeating: "x", count: 3000) : ""
            if requests.contains(where: { $0.id == id }) { continue }
            expected.append(model.enqueue(id, tenant: tenant, delay: delay, key: key))
            requests.append(
                try JobRequest(
                    Note(text: text), id: id, tenant: tenant, priority: number(0...1), delay: .seconds(delay), uniqueKey: key))
        }
        let results = try await queue.queue.enqueue(requests)
        #expect(results == expected)
        return "enqueue \(requests.map(\.id))"
    }

    private mutating func claim() async throws -> String {
        let direct = number(0...4)
        let suspects = Set(model.jobs.filter { $0.value.place == .suspect }.keys)
        let jobs = try await queue.claim(200, direct: direct, lease: .seconds(Self.unit))
        for job in jobs { #expect(job.entry.crashes == model.jobs[job.entry.id]?.crashes) }
        for job in jobs { #expect(job.entry.attempts == model.jobs[job.entry.id]?.attempts) }
        #expect(model.accept(claimed: jobs.ids, direct: direct, lease: Self.unit) == nil)
        for job in jobs { model.jobs[job.entry.id]?.epoch = job.epoch }
        held += jobs.map { Held(job: $0, wasSuspect: suspects.contains($0.entry.id)) }
        // How many of the cancelled ones a limited claim meets is its own affair.
        for (id, job) in model.jobs where job.isCancelled && job.place == .ready {
            if try await queue.queue.cancel([id]) == [.notFound] { model.jobs[id] = nil }
        }
        return "claim \(jobs.ids)"
    }

    /// One of what the worker believes to hold, and whether it still does.
    private mutating func takeHeld() -> (job: Claimed, wasSuspect: Bool, isCurrent: Bool)? {
        guard !held.isEmpty else { return nil }
        let taken = held.remove(at: number(0...held.count - 1))
        let id = taken.job.entry.id
        let current = model.jobs[id]
        return (taken.job, taken.wasSuspect, current?.isLeased == true && current?.epoch == taken.job.epoch)
    }

    private mutating func acknowledge() async throws -> String {
        guard let held = takeHeld() else { return "nothing to acknowledge" }
        let lost = try await queue.acknowledge([held.job])
        model.promote()
        #expect(lost == (held.isCurrent ? [] : [0]))
        if held.isCurrent { model.acknowledge(held.job.entry.id) }
        return "acknowledge \(held.job.entry.id)"
    }

    private mutating func fail() async throws -> String {
        guard let held = takeHeld() else { return "nothing to fail" }
        let verb: Failure.Verb = isLucky(40) ? .retry : isLucky(40) ? .later : isLucky(70) ? .dead : .park
        let delay = Self.unit * number(0...2)
        let lost = try await queue.fail([held.job], verb, delay: .seconds(delay), reason: verb == .park ? "note#9" : "because")
        #expect(lost == (held.isCurrent ? [] : [0]))
        if held.isCurrent { model.fail(held.job.entry.id, verb, delay: delay) }
        return "\(verb) \(held.job.entry.id)"
    }

    private mutating func release() async throws -> String {
        guard let held = takeHeld() else { return "nothing to release" }
        #expect(try await queue.queue.release([held.job.member]) == (held.isCurrent ? 1 : 0))
        if held.isCurrent { model.release(held.job.entry.id, wasSuspect: held.wasSuspect) }
        return "release \(held.job.entry.id)"
    }

    private mutating func passTime() async throws -> String {
        let time = Self.unit * number(1...2)
        try await queue.pass(.seconds(time))
        model.now += time
        if isLucky(80) {
            _ = try await queue.reap()
            model.reap()
            return "pass \(time) s and reap"
        }
        return "pass \(time) s"
    }

    private mutating func cancel() async throws -> String {
        let id = anyID()
        guard model.jobs[id]?.place != .suspect else { return "no suspects" }
        #expect(try await queue.queue.cancel([id]) == [model.cancel(id)])
        return "cancel \(id)"
    }

    private mutating func replayOrDrop() async throws -> String {
        let dead = try await queue.queue.dead(after: nil, limit: RedisJobQueue.batchLimit)
        #expect(Set(dead.map(\.id)) == Set(model.jobs.filter { $0.value.place == .dead }.keys))
        for job in dead { #expect(job.crashes == model.jobs[job.id]?.crashes && job.attempts == model.jobs[job.id]?.attempts) }
        guard let id = dead.map(\.id).sorted().randomElement(using: &generator) else { return "none dead" }
        if isLucky(60) {
            #expect(try await queue.queue.replay([id]) == model.replay(id))
            return "replay \(id)"
        }
        #expect(try await queue.queue.drop([id]) == 1)
        model.jobs[id] = nil
        return "drop \(id)"
    }

    private mutating func pauseTenant() async throws -> String {
        let tenant = "t\(number(0...2))"
        if model.pausedTenants.remove(tenant) != nil {
            #expect(try await queue.queue.resume(.tenant(tenant)))
            return "resume \(tenant)"
        }
        model.pausedTenants.insert(tenant)
        #expect(try await queue.queue.pause(.tenant(tenant)))
        return "pause \(tenant)"
    }

    /// Parks what is ready by a pause of its type, and brings back what is parked.
    private mutating func park() async throws -> String {
        let isClear = model.limit == nil && model.tenantLimit == nil && !model.jobs.values.contains { $0.place == .suspect }
        if isClear {
            model.isTypePaused = true
            try await queue.queue.pause(.type("note"))
            #expect(model.accept(claimed: try await queue.claim(200, lease: .seconds(Self.unit)).ids, direct: 0, lease: Self.unit) == nil)
            #expect(try await queue.queue.snapshot().counts == model.counts)
            try await queue.queue.resume(.type("note"))
            model.isTypePaused = false
        }
        for kind in ["note", "note#9"] { try await queue.queue.unpark(kind: kind, type: "note") }
        model.unpark()
        return "park and unpark"
    }

    private mutating func limit() async throws -> String {
        let value = isLucky(40) ? nil : number(1...5)
        if isLucky(50) {
            model.limit = value
            try await queue.queue.limit(.inFlight, to: value)
            return "limit \(value ?? 0)"
        }
        model.tenantLimit = value
        try await queue.queue.limit(.inFlightPerTenant, to: value)
        return "tenant limit \(value ?? 0)"
    }
}
