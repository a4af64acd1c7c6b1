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
        let mustRing = state.withLock { state in
            state.targets[id] = target
            state.starting -= 1
            return state.starting == 0 && state.running < options.concurrency && !state.backlog.isEmpty
        }
        if mustRing { signal.ring() }
        await target.bind {
            var count = 0
            while !Task.isCancelled, keepsSlot(after: count), let job = next() {
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
            let before = state.backlog.count
            while let job = state.backlog.popFirst() {
                if job.start() {
                    return (Optional(job), state.mayHaveWork && before > state.lowWater && state.backlog.count <= state.lowWater)
                }
                state.unstartable.append(job)
            }
            return (nil, before > 0)
        }
        if isLow { signal.ring() }
        return job
    }

    enum Ending {
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
        guard let kind = registry.entry(for: entry.type), envelope.schemaVersion <= kind.schemaVersion else {
            return parked(job, kind: "\(entry.type)#\(envelope.schemaVersion)")
        }
        return await JobRun(job: job, entry: entry, envelope: envelope, kind: kind).perform(in: self)
    }

    private func fetchBody(of entry: JobEntry) async throws(JobsError) -> ArraySlice<UInt8> {
        guard let body = try await queue.body(of: entry.id) else { throw JobsError(.malformed, "the body is missing") }
        return body[...]
    }

    private func parked(_ job: LeasedJob, kind: String) -> Ending {
        metrics.parkings.increment()
        logger.warning("job parked: this worker does not know its type or version", metadata: .init([.kind: "\(kind)"]))
        return .failed(failure(job, .park, .zero, kind))
    }

    func dead(_ job: LeasedJob, _ reason: String) -> Ending {
        metrics.died.increment()
        logger.error("job goes to the dead set", metadata: .init([.reason: "\(reason)"]))
        return .failed(failure(job, .dead, .zero, reason))
    }

    func failure(_ job: LeasedJob, _ verb: Failure.Verb, _ delay: Duration, _ reason: String) -> Failure {
        Failure(member: job.member, verb: verb, delay: delay, reason: reason)
    }
}
