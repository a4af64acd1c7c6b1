import Jobs
import Synchronization
import TestSupport
import Testing

/// Workers that come, go, stop for long, and lose answers, on a clock that jumps: whatever they do, each tick fires once.
@Suite(.timeLimit(.minutes(Patience.factor))) struct FleetTests {
    @Test("each tick fires once, in order, and none is lost", arguments: 0..<20)
    func fleet(_ round: Int) async throws {
        // Fixed rounds find again what was found before; the last ones look for more.
        let seed = round < 10 ? UInt64(round) : .random(in: .min ... .max)
        let job = try ScheduledJob(
            name: "fleet", schedule: .cron("*/5 * * * *", zone: "Europe/Berlin"), job: Chime(), catchUp: .each(upTo: 100), overlap: .allow)
        let clock = Mutex<Int64>(1_800_000_000_000_000)
        let queue = MemoryJobQueue(name: "fleet") { clock.withLock { $0 } }
        var generator = SeededGenerator(state: seed)
        var plans = [SchedulePlan?](repeating: nil, count: 5)
        let start = try await queue.tick(job, nil).now / 1000
        var (now, latest, fired, refused) = (start, start, 0, 0)

        /// One call of one worker.
        func call(_ worker: Int) async throws {
            let reply = try await queue.tick(job, plans[worker])
            fired += reply.fired
            refused += plans[worker] != nil && !reply.isHeld ? 1 : 0
            // The answer is lost, or the worker ends here: it, or another, begins anew.
            guard Int.random(in: 1...10, using: &generator) > 1 else { return plans[worker] = nil }
            switch job.step(seeing: reply.state, at: reply.now) {
            case .fire(let plan): plans[worker] = plan
            case .wait(let tick):
                plans[worker] = nil
                if let tick, case .fire(let plan) = job.step(seeing: reply.state, at: tick * 1000) { plans[worker] = plan }
            }
        }

        // Ticks count from when the schedule is known.
        while fired == 0 { try await call(0) }
        for _ in 0..<2000 {
            let jump: Int64? =
                switch Int.random(in: 1...100, using: &generator) {
                case ...60: Int64.random(in: 0...200, using: &generator)
                case ...63: Int64.random(in: 0...6000, using: &generator)
                case ...66: -Int64.random(in: 0...1800, using: &generator)
                default: nil
                }
            if let jump, now + jump > latest - 3600 {
                clock.withLock { $0 += jump * 1_000_000 }
                now += jump
                latest = max(latest, now)
            }
            let worker = Int.random(in: plans.indices, using: &generator)
            for _ in 0...Int.random(in: 0...2, using: &generator) { try await call(worker) }
        }
        clock.withLock { [latest, now] in $0 += (latest - now) * 1_000_000 }
        for _ in 0..<200 { try await call(Int.random(in: plans.indices, using: &generator)) }

        let claim = try await queue.cycle([], want: 50_000, direct: 0, lease: .seconds(60))
        let ticks = try claim.entries.compactMap { ScheduledJob.tick(ofID: try JobEntry($0).id) }
        let first = job.schedule.next(after: start - 11) ?? 0
        #expect(ticks == Array(stride(from: first, through: latest, by: 300)), "seed \(seed)")
        #expect(ticks.count == fired)
        #expect(fired > 300 && refused > 300, "the workers were in each other's way: \(fired) fired, \(refused) refused")
        #expect(try await queue.check() == [])
    }
}
