import Logging
import Metrics
import Platform
import Synchronization

extension QueueConsumer {
    /// Leases of one call; each costs more than a claim, and Redis answers nobody else meanwhile.
    private static let reapedAtOnce = 200

    /// Takes back leases when the first of them expires. All workers do this; each job is moved by one. While nothing is in
    /// flight there is nothing to look at before a lease taken right now would expire.
    func maintain() async {
        var wait = Duration.zero
        while !Task.isCancelled {
            try? await Task.sleep(for: wait)
            do {
                let reply = try await metrics.time(metrics.reap) { () async throws(JobsError) in
                    try await queue.reap(limit: Self.reapedAtOnce, poisonAfter: options.poisonAfter)
                }
                succeeded()
                let taken = reply.returned + reply.poisoned
                if taken > 0 {
                    metrics.crashes.increment(by: reply.crashed)
                    metrics.died.increment(by: reply.poisoned)
                    logger.warning(
                        "took back jobs of lost workers",
                        metadata: .init([
                            .returned: "\(reply.returned)", .crashed: "\(reply.crashed)", .poisoned: "\(reply.poisoned)",
                        ]))
                }
                for kind in reply.parked {
                    if let type = runnable(kind) { try await queue.unpark(kind: kind, type: type) }
                }
                if reply.hasWork {
                    state.withLock { $0.mayHaveWork = true }
                    signal.ring()
                }
                let next = min(reply.untilNext ?? options.leaseDuration, options.leaseDuration)
                wait = taken == Self.reapedAtOnce ? .zero : next + .milliseconds(Int.random(in: 5...50))
            } catch {
                failed(error)
                wait = .milliseconds(Int.random(in: 500...1000))
            }
        }
    }

    /// The type of a parked kind, if this worker could run it now.
    private func runnable(_ kind: String) -> String? {
        let parts = kind.split(separator: "#", omittingEmptySubsequences: false).map(String.init)
        guard let entry = registry.entry(for: parts[0]) else { return nil }
        if parts.count == 1 { return parts[0] }
        return Int(parts[1]).map { $0 <= entry.schemaVersion } == true ? parts[0] : nil
    }

    /// Feeds the gauges: often while this worker claims or runs jobs, hardly ever while nothing happens here.
    func watch() async {
        guard let gauges else { return }
        var lastEpoch: Int64 = -1
        var idle = 0
        var round = 0
        while !Task.isCancelled {
            let epoch = gauges.activity?() ?? state.withLock { $0.batches.last?.epoch ?? $0.lastEpoch }
            if epoch != lastEpoch || idle >= 24 || state.withLock({ $0.running > 0 }) {
                lastEpoch = epoch
                idle = 0
                await measure(gauges.queue, checks: round.isMultiple(of: 12))
                round += 1
            }
            idle += 1
            try? await Task.sleep(for: .seconds(5))
        }
    }

    /// Failures show elsewhere: here they cost a sample.
    private func measure(_ queue: any JobQueue, checks: Bool) async {
        if let snapshot = try? await queue.snapshot() { metrics.record(snapshot) }
        guard checks, let violations = try? await queue.check(limit: 100) else { return }
        metrics.violations.record(violations.count)
        for violation in violations.prefix(5) { logger.error("the queue is inconsistent", metadata: .init([.violation: "\(violation)"])) }
    }
}
