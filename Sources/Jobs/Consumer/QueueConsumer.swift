import DequeModule
import Logging
import Platform
import ServiceLifecycle
import Synchronization

typealias RunnerTarget = CancellationTarget<LeasedJob>

/// Serves one queue in this process, or one partition of it; consumers of one queue share its slots (`QueueConsumer+share.swift`).
///
/// 1. The loop (`QueueConsumer+loop.swift`) acknowledges and claims, and starts runners, never more than `concurrency`.
/// 2. Runners (`+runner`) take jobs from the backlog until it is empty.
/// 3. The listener (`+listen`) blocks in Redis while there is nothing to claim, so that nobody polls.
/// 4. Maintenance (`+maintain`) takes back expired leases of workers that died, and feeds the gauges.
/// 5. The heartbeat (`+beat`) renews leases from a thread of its own.
///
/// Errors of Redis end none of them: each tries again with backoff.
final class QueueConsumer: Sendable {
    let queue: any WorkQueue
    let options: QueueOptions
    let registry: JobRegistry
    let drainTimeout: Duration
    let metrics: JobMetrics
    let logger: Logger
    /// nil when this consumer has all slots to itself.
    let share: SlotShare?
    /// What `watch` feeds; nil when another consumer does it.
    let gauges: Gauges?
    let state = Mutex(ConsumerState())
    /// Rings for the loop.
    let signal: Signal
    /// Rings for the listener.
    let request = Signal()
    let health = ConsumerHealth()

    init(
        queue: any WorkQueue, options: QueueOptions, registry: JobRegistry, drainTimeout: Duration, share: SlotShare? = nil,
        gauges: Gauges?, logger: Logger
    ) {
        self.queue = queue
        self.share = share
        self.gauges = gauges
        signal = share?.signal ?? Signal()
        self.options = options
        self.registry = registry
        self.drainTimeout = drainTimeout
        metrics = JobMetrics(queue: options.name)
        var logger = logger
        logger[.queue] = "\(options.name)"
        self.logger = logger
    }

    /// Runs until graceful shutdown, which drains for up to `drainTimeout` and then hands back, or until cancellation, which
    /// hands back at once.
    func run() async {
        await withTaskCancellationOrGracefulShutdownHandlers {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.listen() }
                group.addTask { await self.maintain() }
                group.addTask { await self.watch() }
                group.addTask { await self.limitDrain() }
                await self.loop(&group)
                await self.handBack()
                group.cancelAll()
            }
        }
    }

    private func withTaskCancellationOrGracefulShutdownHandlers(_ body: () async -> Void) async {
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await body()
            } onGracefulShutdown: {
                self.drain()
            }
        } onCancel: {
            state.withLock {
                $0.isDraining = true
                $0.isOverdue = true
            }
            signal.ring()
        }
    }

    private func drain() {
        state.withLock { $0.isDraining = true }
        signal.ring()
    }

    /// Counts from the signal itself, whatever the loop is waiting for then.
    private func limitDrain() async {
        guard (try? await gracefulShutdown()) != nil else { return }
        try? await Task.sleep(for: drainTimeout)
        state.withLock { $0.isOverdue = true }
        signal.ring()
    }

    /// Acknowledges what is done and gives back what is not. By a task of its own, awaited here: it must also work when this
    /// task has been cancelled. Handlers that still run are told first (`isCurrent()` is false from here on) and cancelled
    /// afterwards.
    private func handBack() async {
        let (batches, done) = state.withLock { state in
            defer { state.done = [] }
            return (state.batches, state.done)
        }
        for item in done { item.job.batch.settle(item.job.index) }
        let members = batches.sorted { $0.epoch < $1.epoch }.flatMap { batch in batch.loseAll().map { batch.member($0) } }
        guard !members.isEmpty || !done.isEmpty else { return }
        await Task {
            await acknowledgeLast(done)
            await release(members)
        }
        .value
    }

    private func acknowledgeLast(_ done: [DoneJob]) async {
        do {
            for start in stride(from: 0, to: done.count, by: RedisJobQueue.batchLimit) {
                let part = done[start...].prefix(RedisJobQueue.batchLimit).map(\.acknowledgement)
                _ = try await queue.cycle(part, want: 0, direct: 0, lease: options.leaseDuration)
            }
        } catch {
            logger.warning("jobs that are done run again when their leases expire", metadata: .init([.error: "\(error)"]))
        }
    }

    private func release(_ members: [[UInt8]]) async {
        do {
            let count = try await queue.release(members)
            if count > 0 { logger.notice("handed back unfinished jobs", metadata: .init([.count: "\(count)"])) }
        } catch {
            logger.warning("unfinished jobs return when their leases expire", metadata: .init([.error: "\(error)"]))
        }
    }

    /// Tells the one runner that works on `job`, if any, to stop.
    func cancel(_ job: LeasedJob) {
        for target in state.withLock({ Array($0.targets.values) }) { target.cancel(job) }
    }
}
