public import Logging
import Platform
public import Redis
public import ServiceLifecycle

/// Runs the jobs of one or more queues in this process.
///
/// Guarantees: at most `concurrency` handlers of a queue at a time; a job is leased while it waits or runs here, and the
/// lease is renewed by a thread of its own; a job whose worker is lost runs elsewhere about one lease later, with a higher
/// epoch and the lost one as `previousEpoch`. Failures of Redis do not end `run()`.
///
/// Graceful shutdown stops claiming, hands back what has not started, waits up to `drainTimeout` for the rest, then hands
/// that back too and cancels its handlers. `run()` returns when they have ended.
public final class JobWorker: Sendable, Service {
    /// nil where the queues do not live in Redis.
    private let client: RedisClient?
    private let consumers: [QueueConsumer]
    private let schedulers: [Scheduler]
    private let logger: Logger

    /// - Parameter schedules: each tick is fired by one of the workers that are given them, each job in its own queue.
    /// - Throws: `.invalidJob` when a queue has a bad name.
    public convenience init(
        client: RedisClient, queues: [QueueOptions], registry: JobRegistry, schedules: [ScheduledJob] = [],
        drainTimeout: Duration = .seconds(20), logger: Logger
    ) throws(JobsError) {
        let served = try queues.map { options throws(JobsError) in (try RedisJobQueue(client: client, name: options.name), options) }
        let schedulers = try schedules.map { job throws(JobsError) in
            Scheduler(queue: try RedisJobQueue(client: client, name: job.queue), job: job, logger: logger)
        }
        self.init(client: client, served, registry: registry, schedulers: schedulers, drainTimeout: drainTimeout, logger: logger)
    }

    /// For a queue inside this process. The name in `options` is not looked at.
    public convenience init(
        queue: MemoryJobQueue, options: QueueOptions, registry: JobRegistry, schedules: [ScheduledJob] = [],
        drainTimeout: Duration = .seconds(20), logger: Logger
    ) {
        self.init(
            client: nil, [(queue, options)], registry: registry,
            schedulers: schedules.map { Scheduler(queue: queue, job: $0, logger: logger) }, drainTimeout: drainTimeout, logger: logger)
    }

    private init(
        client: RedisClient?, _ queues: [(any WorkQueue, QueueOptions)], registry: JobRegistry,
        schedulers: [Scheduler], drainTimeout: Duration, logger: Logger
    ) {
        self.client = client
        self.schedulers = schedulers
        self.logger = logger
        consumers = queues.map { queue, options in
            QueueConsumer(queue: queue, options: options, registry: registry, drainTimeout: drainTimeout, logger: logger)
        }
    }

    /// Whether every queue had an answer from Redis lately and the last one was good.
    public var isReady: Bool { consumers.allSatisfy(\.isReady) }

    /// Runs until graceful shutdown or cancellation.
    /// - Throws: `.unsupportedServer` when Redis is older than 7.0.
    public func run() async throws {
        guard try await checkServer() else { return }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.beat() }
            await withDiscardingTaskGroup { services in
                // Above the handlers, or Redis would wait for them as well as they for Redis.
                for consumer in self.consumers { services.addTask(priority: .high) { await consumer.run() } }
                services.addTask { await cancelWhenGracefulShutdown { await self.announce() } }
                for scheduler in self.schedulers {
                    services.addTask { await cancelWhenGracefulShutdown { await scheduler.run() } }
                }
            }
            // Only now: leases are renewed to the end of the drain.
            group.cancelAll()
        }
    }

    private func beat() async {
        await TimedThread.run(name: "jobs-heartbeat") { thread in
            await withDiscardingTaskGroup { group in
                for consumer in self.consumers { group.addTask { await consumer.beat(on: thread) } }
            }
        }
    }

    /// - Returns: false when shutdown came before the server did.
    private func checkServer() async throws -> Bool {
        guard let client else { return true }
        let checks: [ServerCheck]? = await cancelWhenGracefulShutdown {
            var backoff = Backoff(base: .milliseconds(50), cap: .seconds(2))
            while !Task.isCancelled {
                do { return try await ServerCheck.read(client) } catch {
                    self.logger.debug("no answer from Redis yet", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: backoff.next())
            }
            return nil
        }
        guard let checks else { return false }
        for check in checks {
            if let refusal = check.refusal { throw JobsError(.unsupportedServer, refusal) }
        }
        for warning in Set(checks.flatMap(\.warnings)).sorted() { logger.warning("\(warning)") }
        return true
    }

    /// Keeps the queues on the list that operators see.
    private func announce() async {
        guard let client else { return }
        while !Task.isCancelled {
            do { try await QueueDirectory(client: client).announce(consumers.map(\.queue.name)) } catch {
                logger.debug("queues not announced", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(300))
        }
    }
}
