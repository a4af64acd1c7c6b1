import DequeModule
import Logging
import Metrics
import Platform
import Synchronization

extension QueueConsumer {
    /// Runs jobs of the backlog one after the other until it is empty, or until one of them was cancelled: a cancelled task
    /// stays so, and the next job gets a fresh one.
    func runner() async {
        let target = RunnerTarget()
        let id = ObjectIdentifier(target)
        state.withLock { $0.targets[id] = target }
        await target.bind {
            var count = 0
            while !Task.isCancelled, let job = next() {
                target.work(on: job)
                let ending = await execute(job)
                target.work(on: nil)
                settle(job, ending)
                count += 1
                // Handlers that never suspend would keep the loop from claiming ahead.
                if count.isMultiple(of: 16) { await Task.yield() }
            }
        }
        state.withLock { state in
            state.targets[id] = nil
            state.running -= 1
        }
        signal.ring()
    }

    private func next() -> LeasedJob? {
        let (job, isLow) = state.withLock { state in
            let job = state.backlog.popFirst()
            return (job, job != nil && state.backlog.count == state.lowWater && state.mayHaveWork)
        }
        if isLow { signal.ring() }
        return job
    }

    private enum Ending {
        case done(DoneJob)
        case failed(Failure)
    }

    private func settle(_ job: LeasedJob, _ ending: Ending) {
        guard job.batch.isHeld(job.index) else { return }
        let mustRing = state.withLock { state in
            state.ended += 1
            switch ending {
            case .done(let done):
                state.done.append(done)
                if state.done.count == 1 { state.firstDone = .now }
                return state.done.count == 1 || state.done.count == Pacing.fullBatch
            case .failed(let failure):
                state.failed.append(FailedJob(job: job, failure: failure))
                return true
            }
        }
        if mustRing { signal.ring() }
    }

    private func execute(_ job: LeasedJob) async -> Ending {
        let entry: JobEntry
        let envelope: JobEnvelope
        do {
            entry = try JobEntry(job.batch.entries[job.index])
            envelope = try JobEnvelope(entry.isApart ? await fetchBody(of: entry) : entry.body)
        } catch {
            if error.code == .unavailable { return .failed(failure(job, .later, .seconds(1), "the body could not be fetched")) }
            return dead(job, "malformed: \(error.message)")
        }
        guard let kind = registry.entry(for: envelope.type) else { return dead(job, "unknown type \(envelope.type)") }
        guard envelope.schemaVersion <= kind.schemaVersion else {
            return dead(job, "schema version \(envelope.schemaVersion) of \(envelope.type) is newer than this worker")
        }
        return await run(job, entry, envelope, kind)
    }

    private func fetchBody(of entry: JobEntry) async throws(JobsError) -> ArraySlice<UInt8> {
        guard let body = try await queue.body(of: entry.id) else { throw JobsError(.malformed, "the body is missing") }
        return body[...]
    }

    private func run(_ job: LeasedJob, _ entry: JobEntry, _ envelope: JobEnvelope, _ kind: JobRegistry.Entry) async -> Ending {
        let attempt = entry.attempts + 1
        let context = JobContext(
            id: entry.id, type: envelope.type, tenant: entry.tenant, epoch: job.batch.epoch,
            previousEpoch: entry.previousEpoch == 0 ? nil : entry.previousEpoch, attempt: attempt, crashes: entry.crashes,
            isLast: attempt >= kind.policy.maximumAttempts, logger: logger, isCurrent: { job.batch.isCurrent(job.index) })
        let start = ContinuousClock.now
        let outcome: JobOutcome
        do { outcome = try await kind.run(envelope, context) } catch {
            outcome = .retry(after: nil, reason: "\(error)")
        }
        metrics.recordRun(waited: job.batch.claimedAt - entry.readyAt, ran: start.duration(to: .now))
        switch outcome {
        case .done:
            return .done(DoneJob(job: job, id: entry.id, isApart: entry.isApart))
        case .retry(let asked, let reason):
            guard let delay = kind.policy.delay(after: attempt, asked: asked) else {
                return dead(job, "gave up after \(attempt) tries: \(reason)")
            }
            metrics.retries.increment()
            return .failed(failure(job, .retry, delay, reason))
        case .giveUp(let reason):
            return dead(job, reason)
        case .later(let delay, let reason):
            metrics.postponed.increment()
            return .failed(failure(job, .later, max(.zero, delay), reason))
        }
    }

    private func dead(_ job: LeasedJob, _ reason: String) -> Ending {
        metrics.died.increment()
        logger.error("job goes to the dead set", metadata: ["reason": "\(reason)"])
        return .failed(failure(job, .dead, .zero, reason))
    }

    private func failure(_ job: LeasedJob, _ verb: Failure.Verb, _ delay: Duration, _ reason: String) -> Failure {
        Failure(member: job.member, verb: verb, delay: delay, reason: reason)
    }
}
