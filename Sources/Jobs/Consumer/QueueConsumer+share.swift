import DequeModule
import Logging
import Platform
import Synchronization

/// What a consumer feeds its gauges from.
struct Gauges: Sendable {
    let queue: any JobQueue
    /// Changes whenever something was claimed; nil means that the consumer's own claims tell.
    var activity: (@Sendable () -> Int64)?
}

/// Several partitions, one set of slots: a consumer for each, so that one whose server is away holds up none of the others.
extension QueueConsumer {
    /// The consumers of a queue, one for each partition.
    static func serving(
        _ queue: PartitionedJobQueue, options: QueueOptions, registry: JobRegistry, drainTimeout: Duration, logger: Logger
    ) -> [QueueConsumer] {
        guard queue.partitions.count > 1 else {
            let only = queue.partitions[0]
            return [
                QueueConsumer(
                    queue: only, options: options, registry: registry, drainTimeout: drainTimeout, gauges: Gauges(queue: only),
                    logger: logger)
            ]
        }
        let pool = SlotPool(total: options.concurrency, members: queue.partitions.count)
        return queue.partitions.enumerated().map { index, partition in
            var logger = logger
            logger[.partition] = "\(index)"
            return QueueConsumer(
                queue: partition, options: options, registry: registry, drainTimeout: drainTimeout,
                share: SlotShare(pool: pool, member: index),
                gauges: index == 0 ? Gauges(queue: queue, activity: { pool.turns }) : nil, logger: logger)
        }
    }

    /// How many runners there may be now.
    func slots() -> Int {
        guard let share else { return options.concurrency }
        let (needed, wantsMore) = state.withLock { ($0.running + $0.backlog.count, $0.mayHaveWork && !$0.isDraining && !$0.isFailing) }
        return share.pool.settle(share.member, needed: needed, wantsMore: wantsMore)
    }

    /// Slots that this consumer cannot have now. Without any it claims nothing ahead, either.
    func slotsElsewhere() -> Int {
        guard let share else { return 0 }
        let reach = share.pool.reach(of: share.member)
        return reach == 0 ? options.concurrency + options.maximumPrefetch : options.concurrency - reach
    }

    /// Takes the slots for a claim.
    ///
    /// - Parameter isProbing: whether the last call failed. A server that is away must not keep slots from other partitions, so the next
    ///   call claims nothing.
    /// - Returns: how many jobs may be claimed.
    func reserve(_ want: Int, prefetch: Int, isProbing: Bool) -> Int {
        guard let share, want > 0 else { return want }
        if isProbing { return 0 }
        let busy = state.withLock { $0.running + $0.backlog.count }
        let held = share.pool.reserve(share.member, needed: busy + want)
        return held == 0 ? 0 : min(want, max(0, held + prefetch - busy))
    }

    /// After a claim that failed.
    func giveBackUnused() {
        guard let share else { return }
        let needed = state.withLock { $0.running + $0.backlog.count }
        _ = share.pool.settle(share.member, needed: needed, wantsMore: false)
    }

    /// Whether a runner that has ended `count` jobs goes on: not when another partition is to have its slot.
    func keepsSlot(after count: Int) -> Bool {
        guard let share, count > 0 else { return true }
        return !share.pool.passOn(from: share.member)
    }
}
