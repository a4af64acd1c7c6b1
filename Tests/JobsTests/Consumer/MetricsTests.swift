import Jobs
import Metrics
import Platform
import TestSupport
import Testing

/// The figures that a worker leaves on the Prometheus page.
@Suite(.requires(.redis), .timeLimit(.minutes(Patience.factor))) struct MetricsTests {
    /// Metrics are bootstrapped once a process; all tests share the page, and each has its own queue on it.
    private static let registry: PrometheusRegistry = {
        let registry = PrometheusRegistry(maximumSeries: 10_000)
        MetricsSystem.bootstrap(registry)
        return registry
    }()

    @Test func aWorkersFiguresAreOnThePage() async throws {
        let registry = Self.registry
        try await RedisJobQueue.with { queue in
            @Sendable func value(_ name: String, _ labels: String = "") -> Double? {
                let start = "\(name){queue=\"\(queue.name)\"\(labels)} "
                let page = String(decoding: registry.render(), as: UTF8.self)
                return page.split(separator: "\n").first { $0.hasPrefix(start) }.flatMap { Double($0.dropFirst(start.count)) }
            }
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
                try await expectEventually { value("sluice_jobs_done_total") == 2 }
                try await expectEventually { value("sluice_jobs_dead") != nil && value("sluice_jobs_invariant_violations") == 0 }
            }
            #expect(value("sluice_jobs_retries_total") == 1)
            #expect(value("sluice_jobs_died_total") == 1)
            #expect(value("sluice_jobs_run_seconds_count") == 4)
            #expect(value("sluice_jobs_wait_seconds_count") == 4)
            #expect(value("sluice_jobs_script_seconds_count", ",script=\"cycle\"").map { $0 >= 2 } == true)
        }
    }

    @Test func aSchedulesFiguresAreOnThePage() async throws {
        let registry = Self.registry
        try await RedisJobQueue.with { queue in
            @Sendable func value(_ name: String) -> Double? {
                let start = "\(name){queue=\"\(queue.name)\",schedule=\"yearly\"} "
                let page = String(decoding: registry.render(), as: UTF8.self)
                return page.split(separator: "\n").first { $0.hasPrefix(start) }.flatMap { Double($0.dropFirst(start.count)) }
            }
            let job = try ScheduledJob(
                name: "yearly", schedule: .every(.seconds(365 * 86_400)), job: Note(), catchUp: .once, overlap: .skip, queue: queue.name)
            try await withWorker(queue, schedules: [job]) { _, _ in
                .done
            } _: { _, _ in
                try await expectEventually { value("sluice_schedule_fired_total") == 1 }
            }
            #expect(value("sluice_schedule_missed_total") == 0)
            #expect(value("sluice_schedule_overlapped_total") == 0)
            #expect(value("sluice_schedule_late_seconds_count") == 1)
        }
    }
}
