import Logging
import Metrics
import Synchronization

extension QueueConsumer {
    /// Takes back leases when the first of them expires. All workers do this; each job is moved by one. While nothing is in
    /// flight there is nothing to look at before a lease taken right now would expire.
    func maintain() async {
        var wait = Duration.zero
        while !Task.isCancelled {
            try? await Task.sleep(for: wait)
            do {
                let reply = try await queue.reap(limit: RedisJobQueue.batchLimit, poisonAfter: options.poisonAfter)
                succeeded()
                let crashed = reply.returned + reply.poisoned
                if crashed > 0 {
                    metrics.crashes.increment(by: crashed)
                    logger.warning(
                        "took back jobs of lost workers", metadata: ["returned": "\(reply.returned)", "poisoned": "\(reply.poisoned)"])
                }
                if reply.readyLanes > 0 {
                    state.withLock { $0.mayHaveWork = true }
                    signal.ring()
                }
                let next = min(reply.untilNext ?? options.leaseDuration, options.leaseDuration)
                wait = crashed == RedisJobQueue.batchLimit ? .zero : next + .milliseconds(Int.random(in: 5...50))
            } catch {
                failed(error)
                wait = .milliseconds(Int.random(in: 500...1000))
            }
        }
    }

    /// Feeds the gauges: often while jobs pass through this worker, hardly ever while nothing happens here.
    func watch() async {
        var lastEpoch: Int64 = -1
        var idle = 0
        while !Task.isCancelled {
            let epoch = state.withLock { $0.batches.last?.epoch ?? $0.lastEpoch }
            if epoch != lastEpoch || idle >= 24 {
                lastEpoch = epoch
                idle = 0
                if let snapshot = try? await queue.snapshot() { metrics.record(snapshot) }
            }
            idle += 1
            try? await Task.sleep(for: .seconds(5))
        }
    }
}
