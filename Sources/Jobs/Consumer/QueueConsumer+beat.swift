import Logging
import Metrics
import Platform
import Synchronization

extension QueueConsumer {
    /// Renews leases every third of their length. Runs on a thread of its own, so that neither a handler that computes nor
    /// one that blocks its thread loses its job.
    func beat(on thread: TimedThread) async {
        let interval = options.leaseDuration / 3
        var wait = interval
        while !Task.isCancelled {
            await thread.sleep(for: wait)
            if Task.isCancelled { return }
            do {
                try await renew()
                wait = interval
            } catch {
                failed(error)
                wait = min(interval, .seconds(1))
            }
        }
    }

    /// Leases for one call, those of running jobs first.
    private struct Renewal {
        var batches: [LeaseBatch] = []
        var running: [LeasedJob] = []
        var waiting: [LeasedJob] = []

        var count: Int { running.count + waiting.count }
    }

    private func renew() async throws(JobsError) {
        // A batch claimed a moment ago is renewed next time.
        let limit = ContinuousClock.now + options.leaseDuration * 5 / 6
        var renewal = Renewal()
        for batch in state.withLock({ $0.batches }) {
            let held = batch.held(expiringBefore: limit)
            let count = held.running.count + held.waiting.count
            if count == 0 { continue }
            if renewal.count + count > RedisJobQueue.batchLimit {
                try await renew(renewal)
                renewal = Renewal()
            }
            renewal.batches.append(batch)
            renewal.running += held.running.map { LeasedJob(batch: batch, index: $0) }
            renewal.waiting += held.waiting.map { LeasedJob(batch: batch, index: $0) }
        }
        if renewal.count > 0 { try await renew(renewal) }
    }

    private func renew(_ renewal: Renewal) async throws(JobsError) {
        let expiry = ContinuousClock.now + options.leaseDuration
        let reply = try await metrics.time(metrics.beat) { () async throws(JobsError) in
            try await queue.beat(
                started: renewal.running.map(\.member), waiting: renewal.waiting.map(\.member), lease: options.leaseDuration)
        }
        succeeded()
        let jobs = renewal.running + renewal.waiting
        for index in reply.lost where jobs.indices.contains(index) {
            // One that was settled in the meantime is no longer held here either.
            guard jobs[index].batch.lose(jobs[index].index) else { continue }
            metrics.lostLeases.increment()
            logger.warning("lease lost, handler cancelled", metadata: .init([.epoch: "\(jobs[index].batch.epoch)"]))
            cancel(jobs[index])
        }
        for batch in renewal.batches { batch.renew(until: expiry) }
        let cancelled = reply.cancelled.filter(jobs.indices.contains).map { jobs[$0] }
        guard !cancelled.isEmpty else { return }
        // Still ours: what runs the worker settles when its handler has ended, what waits is handed back, which removes it.
        for job in cancelled { cancel(job) }
        state.withLock { state in
            let waiting = state.backlog.filter(cancelled.contains)
            state.backlog.removeAll(where: waiting.contains)
            state.unstartable += waiting
        }
        signal.ring()
    }
}
