import Logging
import Metrics

/// One run of one job, from its decoded entry to what becomes of it.
struct JobRun: Sendable {
    let job: LeasedJob
    let entry: JobEntry
    let envelope: JobEnvelope
    let kind: JobRegistry.Entry

    private var attempt: Int { entry.attempts + 1 }

    func perform(in consumer: QueueConsumer) async -> QueueConsumer.Ending {
        let left = timeLeft
        if let lifetime = left.lifetime, lifetime <= .zero { return consumer.dead(job, "its lifetime had passed before it ran") }
        let limit = [left.lifetime, left.timeout].compactMap(\.self).min()
        let start = ContinuousClock.now
        let context = JobContext(
            id: entry.id, type: entry.type, tenant: entry.tenant, epoch: job.batch.epoch,
            previousEpoch: entry.previousEpoch == 0 ? nil : entry.previousEpoch, attempt: attempt, crashes: entry.crashes,
            isLast: attempt >= kind.policy.maximumAttempts, deadline: limit.map { start + $0 },
            traceParent: envelope.extensions.traceParent,
            logger: consumer.logger, isCurrent: { [job] in job.batch.isCurrent(job.index) })
        let outcome =
            if let limit { await outcome(in: context, within: limit) } else { await outcome(in: context) }
        consumer.metrics.recordRun(waited: job.batch.claimedAt - entry.readyAt, ran: start.duration(to: .now))
        return ending(of: outcome, consumer)
    }

    private var timeLeft: (lifetime: Duration?, timeout: Duration?) {
        let extensions = envelope.extensions
        let timeout = extensions.timeout.map { Duration.milliseconds($0) } ?? kind.timeout
        guard let lifetime = extensions.lifetime else { return (nil, timeout) }
        return (.milliseconds(entry.enqueuedAt + lifetime - job.batch.serverTime), timeout)
    }

    private func outcome(in context: JobContext) async -> JobOutcome {
        do { return try await kind.run(envelope, context) } catch { return .retry(after: nil, reason: "\(error)") }
    }

    /// Cancels a handler that takes too long, and waits for it: a job never runs twice here. What it then achieved counts.
    private func outcome(in context: JobContext, within limit: Duration) async -> JobOutcome {
        await withTaskGroup(of: JobOutcome?.self) { group in
            group.addTask { await outcome(in: context) }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            var isOver = false
            for await outcome in group {
                if let outcome {
                    group.cancelAll()
                    guard isOver else { return outcome }
                    if case .done = outcome { return outcome }
                    return .retry(after: nil, reason: "it took longer than \(limit)")
                }
                isOver = !Task.isCancelled
                group.cancelAll()
            }
            return .retry(after: nil, reason: "it took longer than \(limit)")
        }
    }

    private func ending(of outcome: JobOutcome, _ consumer: QueueConsumer) -> QueueConsumer.Ending {
        switch outcome {
        case .done:
            return .done(DoneJob(job: job, acknowledgement: Acknowledgement(member: job.member, entry: entry)))
        case .retry(let asked, let reason):
            guard let delay = kind.policy.delay(after: attempt, asked: asked) else {
                return consumer.dead(job, "gave up after \(attempt) tries: \(reason)")
            }
            consumer.metrics.retries.increment()
            return .failed(consumer.failure(job, .retry, delay, reason))
        case .giveUp(let reason):
            return consumer.dead(job, reason)
        case .later(let delay, let reason):
            consumer.metrics.postponed.increment()
            return .failed(consumer.failure(job, .later, max(.zero, delay), reason))
        }
    }
}
