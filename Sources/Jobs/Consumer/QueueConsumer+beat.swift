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

    private func renew() async throws(JobsError) {
        // A batch claimed a moment ago is renewed next time.
        let limit = ContinuousClock.now + options.leaseDuration * 5 / 6
        var jobs: [LeasedJob] = []
        var batches: [LeaseBatch] = []
        for batch in state.withLock({ $0.batches }) {
            let held = batch.held(expiringBefore: limit)
            if held.isEmpty { continue }
            if jobs.count + held.count > RedisJobQueue.batchLimit {
                try await renew(jobs, of: batches)
                (jobs, batches) = ([], [])
            }
            jobs += held.map { LeasedJob(batch: batch, index: $0) }
            batches.append(batch)
        }
        if !jobs.isEmpty { try await renew(jobs, of: batches) }
    }

    private func renew(_ jobs: [LeasedJob], of batches: [LeaseBatch]) async throws(JobsError) {
        let expiry = ContinuousClock.now + options.leaseDuration
        let lost = try await queue.beat(jobs.map(\.member), lease: options.leaseDuration)
        succeeded()
        for index in lost where jobs.indices.contains(index) {
            // One that was settled in the meantime is no longer held here either.
            guard jobs[index].batch.lose(jobs[index].index) else { continue }
            metrics.lostLeases.increment()
            logger.warning("lease lost, handler cancelled", metadata: ["epoch": "\(jobs[index].batch.epoch)"])
            cancel(jobs[index])
        }
        for batch in batches { batch.renew(until: expiry) }
    }
}
