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
    private let queues: [PartitionedJobQueue]
    private let consumers: [QueueConsumer]
    private let schedulers: [Scheduler]
    private let logger: Logger

    /// - Parameters:
    ///   - schedules: each tick is fired by one of the workers that are given them, each job in its own queue.
    ///   - partitions: over how many each queue is spread. All are served, and share the queue's slots.
    /// - Throws: `.invalidJob` when a queue has a bad name, or the number of partitions is out of range.
    public convenience init(
        client: RedisClient, queues: [QueueOptions], registry: JobRegistry, schedules: [ScheduledJob] = [], partitions: Int = 1,
        drainTimeout: Duration = .seconds(20), logger: Logger
    ) throws(JobsError) {
        let served = try queues.map { options throws(JobsError) in
            (try PartitionedJobQueue(client: client, name: options.name, partitions: partitions), options)
        }
        let schedulers = try schedules.map { job throws(JobsError) in
            let queue = try PartitionedJobQueue(client: client, name: job.queue, partitions: partitions)
            return Scheduler(queue: queue.partition(of: ""), job: job, logger: logger)
        }
        let consumers = served.flatMap { queue, options in
            QueueConsumer.serving(queue, options: options, registry: registry, drainTimeout: drainTimeout, logger: logger)
        }
        self.init(client: client, queues: served.map(\.0), consumers: consumers, schedulers: schedulers, logger: logger)
    }

    /// For a queue inside this process. The name in `options` is not looked at.
    public convenience init(
        queue: MemoryJobQueue, options: QueueOptions, registry: JobRegistry, schedules: [ScheduledJob] = [],
        drainTimeout: Duration = .seconds(20), logger: Logger
    ) {
        let consumer = QueueConsumer(
            queue: queue, options: options, registry: registry, drainTimeout: drainTimeout, gauges: Gauges(queue: queue), logger: logger)
        self.init(
            client: nil, queues: [], consumers: [consumer], schedulers: schedules.map { Scheduler(queue: queue, job: $0, logger: logger) },
            logger: logger)
    }

    private init(
        client: RedisClient?, queues: [PartitionedJobQueue], consumers: [QueueConsumer],
        schedulers: [Scheduler], logger: Logger
    ) {
        self.client = client
        self.queues = queues
        self.consumers = consumers
        self.schedulers = schedulers
        self.logger = logger
    }

    /// Whether every queue had an answer from Redis lately and the last one was good.
    public var isReady: Bool { consumers.allSatisfy(\.isReady) }

    /// Runs until graceful shutdown or cancellation.
    /// - Throws: `.unsupportedServer` when Redis is older than 7.0, `.misconfigured` when a queue has another number of partitions.
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
        guard let checks = await ServerCheck.awaited(client, of: .jobs, logger: logger) else { return false }
        for check in checks {
            if let refusal = check.refusal { throw JobsError(.unsupportedServer, refusal) }
        }
        for warning in Set(checks.flatMap(\.warnings)).sorted() { logger.warning("\(warning)") }
        for queue in queues {
            let refusal = await FirstAnswer.wait(logger) { () async throws(JobsError) -> JobsError? in
                do throws(JobsError) {
                    try await queue.agree()
                    return nil
                } catch {
                    guard error.code == .misconfigured else { throw error }
                    return error
                }
            }
            guard let refusal else { return false }
            if let refusal { throw refusal }
        }
        return true
    }

    /// Keeps the queues on the list that operators see, and their numbers of partitions remembered after Redis has lost its data.
    private func announce() async {
        guard let client else { return }
        while !Task.isCancelled {
            do {
                try await QueueDirectory(client: client).announce(queues.map(\.name))
                for queue in queues { try await queue.agree() }
            } catch {
                let isWrong = (error as? JobsError)?.code == .misconfigured
                logger.log(level: isWrong ? .error : .debug, "queues not announced", metadata: .init([.error: "\(error)"]))
            }
            try? await Task.sleep(for: .seconds(300))
        }
    }
}
