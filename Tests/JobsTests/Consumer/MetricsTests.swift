import Jobs
import Metrics
import Platform
import Redis
import TestSupport
import Testing

/// A job that no worker of these tests knows.
private struct Stranger: JobContract {
    static var type: String { "stranger" }
    static var schemaVersion: Int { 1 }
    static var queue: String { "notes" }
    static var policy: RetryPolicy { .standard }
}

/// The figures that a worker leaves on the Prometheus page.
@Suite(.requires(.redis), .timeLimit(.minutes(Patience.factor))) struct MetricsTests {
    /// Metrics are bootstrapped once a process; all tests share the page, and each has its own queue on it.
    private static let registry: PrometheusRegistry = {
        let registry = PrometheusRegistry(maximumSeries: 10_000)
        MetricsSystem.bootstrap(registry)
        return registry
    }()

    /// A figure of a queue, or nil.
    private static func value(_ name: String, _ queue: RedisJobQueue, _ labels: String) -> Double? {
        let start = "sluice_\(name){queue=\"\(queue.name)\"\(labels)} "
        let page = String(decoding: registry.render(), as: UTF8.self)
        return page.split(separator: "\n").first { $0.hasPrefix(start) }.flatMap { Double($0.dropFirst(start.count)) }
    }

    @Test func aWorkersFiguresAreOnThePage() async throws {
        _ = Self.registry
        try await RedisJobQueue.with { queue in
            @Sendable func value(_ name: String, _ labels: String = "") -> Double? { Self.value(name, queue, labels) }
            try await queue.notes("again", "dead", "fine")
            try await queue.pause(.type("other"))
            try await withWorker(queue) { _, context in
                switch context.id {
                case "again" where context.attempt == 1: .retry(after: .zero, reason: "again")
                case "dead": .giveUp(reason: "no use")
                default: .done
                }
            } _: { _, _ in
                try await expectEventually { try await queue.isEmpty }
                try await expectEventually { value("jobs_done_total") == 2 }
                try await expectEventually { value("jobs_dead") != nil && value("jobs_invariant_violations") == 0 }
            }
            #expect(value("jobs_retries_total") == 1)
            #expect(value("jobs_died_total") == 1)
            #expect(value("jobs_run_seconds_count") == 4)
            #expect(value("jobs_wait_seconds_count") == 4)
            #expect(value("jobs_script_seconds_count", ",script=\"cycle\"").map { $0 >= 2 } == true)
        }
    }

    @Test("each gauge has what the queue holds, while a job runs for long too")
    func gauges() async throws {
        _ = Self.registry
        try await RedisJobQueue.with { queue in
            let gate = Gate()
            // Held elsewhere 1, dead 2, parked 3, a suspect 1, delayed 4, ready 5 with the suspect, of which one is not paused.
            try await queue.notes("held")
            let held = try await queue.claim(1)
            try await queue.notes("x1", "x2", "p1", "p2", "p3", "s1", tenant: "paused")
            func take(_ verb: Failure.Verb, _ count: Int, _ reason: String) async throws {
                let jobs = try await queue.claim(count)
                _ = try await queue.fail(jobs.map { Failure(member: $0.member, verb: verb, delay: .zero, reason: reason) })
            }
            try await take(.dead, 2, "no use")
            try await take(.park, 3, "note#9")
            for _ in 0..<2 { try await queue.lose(queue.claim(1)) }
            try await queue.pause(.tenant("paused"))
            try await queue.notes("r1", "r2", "r3", tenant: "paused")
            try await queue.notes("d1", "d2", "d3", "d4", delay: .seconds(3600))
            try await queue.notes("long", "waiting")
            let bytes = try await queue.snapshot().bytes
            try await withWorker(queue, concurrency: 1) { _, _ in
                await gate.pass()
                return .done
            } _: { _, _ in
                func figures() -> [Double?] {
                    ["ready", "delayed", "in_flight", "dead", "parked", "suspects", "bytes", "invariant_violations"].map {
                        Self.value("jobs_\($0)", queue, "")
                    }
                }
                try await expectEventually { figures() == [5, 4, 2, 2, 3, 1, Double(bytes), 0] }
                try await expectEventually { Self.value("jobs_oldest_age_seconds", queue, "").map { $0 >= 1 } == true }
                gate.open()
                try await expectEventually { try await queue.snapshot().ready == 4 }
            }
            #expect(try await queue.acknowledge(held) == [])
        }
    }

    @Test("what goes wrong is counted: crashes, lost leases, postponed and parked jobs, errors of Redis")
    func troubles() async throws {
        _ = Self.registry
        try await RedisJobQueue.with { queue in
            @Sendable func value(_ name: String) -> Double? { Self.value("jobs_\(name)_total", queue, "") }
            let gate = Gate()
            try await queue.notes("crashed")
            try await queue.expire(queue.claim(1))
            try await queue.notes("postponed", "robbed")
            try await queue.enqueue([JobRequest(Stranger(), id: "unknown")])
            try await withWorker(queue, longestWait: .milliseconds(100)) { _, context in
                if context.id == "robbed" { await gate.pass() }
                return context.id == "postponed" && context.previousEpoch == nil ? .later(after: .zero, reason: "soon") : .done
            } _: { _, _ in
                try await expectEventually { value("crashes") == 1 && value("parked") == 1 && value("postponed") == 1 }
                try await expectEventually {
                    // Only the robbed one is left: the postponed one must not lose its lease as well.
                    let now = try await queue.snapshot()
                    return now.inFlight == 1 && now.ready == 0 && now.delayed == 0
                }
                _ = try await queue.client.send(RedisCommand("DEL", RedisArgument(queue.keys.leases)))
                gate.open()
                try await expectEventually { value("lost_leases") == 1 }
                try await expectEventually {
                    // An idle worker blocks on a list, which this is not.
                    _ = try await queue.client.send(RedisCommand("SET", RedisArgument(queue.keys.wake), "x"))
                    return value("redis_errors").map { $0 >= 1 } == true
                }
                _ = try await queue.client.send(RedisCommand("DEL", RedisArgument(queue.keys.wake)))
            }
        }
    }

    @Test func aSchedulesFiguresAreOnThePage() async throws {
        _ = Self.registry
        try await RedisJobQueue.with { queue in
            @Sendable func value(_ name: String) -> Double? { Self.value(name, queue, ",schedule=\"yearly\"") }
            let job = try ScheduledJob(
                name: "yearly", schedule: .every(.seconds(365 * 86_400)), job: Note(), catchUp: .once, overlap: .skip, queue: queue.name)
            try await withWorker(queue, schedules: [job]) { _, _ in
                .done
            } _: { _, _ in
                try await expectEventually { value("schedule_fired_total") == 1 }
            }
            #expect(value("schedule_missed_total") == 0)
            #expect(value("schedule_overlapped_total") == 0)
            #expect(value("schedule_late_seconds_count") == 1)
        }
    }
}
