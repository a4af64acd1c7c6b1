import Accounts
import Curl
import Jobs
import Logging
import Platform
import Postgres
import Redis
import Synchronization
import TestSupport
import Testing
import Worker

@Suite("Purging", .requires(.postgres), .requires(.redis), .timeLimit(.minutes(Patience.factor)))
struct PurgeExpiredTests {
    /// No mail is sent here.
    private func with(_ body: @escaping @Sendable (MailFixture) async throws -> Void) async throws {
        try await MailFixture.with(smtp: SMTPConfiguration(host: "127.0.0.1", requiresTLS: true), body)
    }

    private func age(_ count: Int, _ fixture: MailFixture) async throws {
        try await fixture.pool.execute(
            """
            INSERT INTO audit_events (at, kind, network)
            SELECT now() - interval '91 days', 'x', '' FROM generate_series(1, \(count))
            """)
    }

    @Test("what was removed is counted by its kind and told in one line; where nothing was, there is no line")
    func counts() async throws {
        try await with { fixture in
            let log = LogRecord(level: .info)
            let purge = PurgeExpiredHandler(purge: Purge(pool: fixture.pool, redis: fixture.redis), metrics: fixture.metrics)
            let job = try await fixture.challenge(of: fixture.user(MailFixture.address()))
            try await fixture.pool.execute("UPDATE login_challenges SET expires_at = now() - interval '2 hours' WHERE id = \(job.number)")
            try await fixture.pool.execute(
                "INSERT INTO registration_notices (id, expires_at) VALUES (gen_random_uuid(), now() - interval '2 hours')")
            try await age(3, fixture)
            for _ in 0..<2 { #expect(await purge.handle(PurgeExpired(), run(logger: log.logger)).isDone) }
            #expect(log.lines.count == 1 && log.holds("expired things removed"))
            for part in ["count: 5", "codes: 1", "notices: 1", "audit_events: 3"] { #expect(log.holds(part), "\(part)") }
            #expect(!log.holds("links"))
            #expect(fixture.count(#"sluice_purged_total{kind="codes"}"#) == 1)
            #expect(fixture.count(#"sluice_purged_total{kind="audit_events"}"#) == 3)
        }
    }

    @Test("a run does no more than its batches; the next one goes on")
    func batches() async throws {
        try await with { fixture in
            let purge = Purge(pool: fixture.pool, redis: fixture.redis, batch: 10, batches: 2)
            let (handler, log) = (PurgeExpiredHandler(purge: purge, metrics: fixture.metrics), LogRecord(level: .info))
            try await age(25, fixture)
            for total in [20, 25] {
                #expect(await handler.handle(PurgeExpired(), run(logger: log.logger)).isDone)
                #expect(fixture.count(#"sluice_purged_total{kind="audit_events"}"#) == total)
            }
            #expect(log.lines.map { $0.contains("more: true") } == [true, false])
        }
    }

    @Test("without its servers it ends, with a line, and leaves no dead job")
    func outage() async throws {
        try await with { fixture in
            let (log, purge) = (LogRecord(), Purge(pool: fixture.pool, redis: fixture.redis))
            await fixture.pool.close()
            #expect(await PurgeExpiredHandler(purge: purge).handle(PurgeExpired(), run(logger: log.logger)).isDone)
            #expect(log.holds("a purge was not finished"))
        }
    }

    @Test("of two workers one fires each tick")
    func once() async throws {
        try await with { fixture in
            let runs = Mutex<[String]>([])
            var registry = JobRegistry()
            registry.register(PurgeExpired.self) { _, context in
                runs.withLock { $0.append(context.id) }
                return .done
            }
            let handlers = registry
            let tick = try ScheduledJob(
                name: "purge-expired", schedule: .every(.seconds(1)), job: PurgeExpired(), catchUp: .once, overlap: .skip)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    let worker = try JobWorker(
                        client: fixture.redis, queues: [QueueOptions(PurgeExpired.queue, concurrency: 1)], registry: handlers,
                        schedules: [tick], logger: .silent)
                    group.addTask { try await worker.run() }
                }
                defer { group.cancelAll() }
                await eventually { runs.withLock { $0.count } >= 3 }
            }
            let ids = runs.withLock { $0 }
            #expect(Set(ids).count == ids.count && ids.allSatisfy { $0.hasPrefix("purge-expired@") })
        }
    }
}
