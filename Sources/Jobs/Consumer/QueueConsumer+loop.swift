import DequeModule
import Metrics
import Platform
import Synchronization

extension QueueConsumer {
    private static let runnersAtOnce = 8

    /// The one task that claims and acknowledges. Returns when a drain has finished or run out of time.
    func loop(_ group: inout DiscardingTaskGroup) async {
        var alarm: ContinuousClock.Instant?
        var pacing = Pacing(slots: options.concurrency, maximumPrefetch: options.maximumPrefetch)
        var backoff = Backoff(base: .milliseconds(20), cap: .milliseconds(500))
        var observed = ContinuousClock.now
        var hasFailed = false
        while true {
            await handBackUnstarted()
            startRunners(&group, atOnce: hasFailed ? .max : Self.runnersAtOnce)
            await handBackUnstartable()
            guard await settleFailures() else {
                hasFailed = true
                await pause(backoff.next())
                continue
            }
            let now = ContinuousClock.now
            let elsewhere = slotsElsewhere()
            // With the low-water mark that it is judged by, or a runner might pass the mark unseen.
            let (situation, isOver) = state.withLock { state in
                if state.ended > 0 {
                    pacing.observe(ended: state.ended, in: observed.duration(to: now))
                    (state.ended, observed) = (0, now)
                }
                state.lowWater = pacing.lowWater
                return (state.situation(at: now, elsewhere: elsewhere), state.isFinished || state.isOverdue)
            }
            if isOver {
                // Nobody else would hear of the work that it stands for before the next look for lost leases.
                _ = await passOnToken(isFull: true)
                return
            }
            // A partition whose server is away has no slots; it asks for nothing but an answer.
            switch hasFailed && share != nil ? .cycle(want: 0) : pacing.next(situation) {
            case .cycle(let want):
                hasFailed = await !cycle(want: reserve(want, prefetch: pacing.prefetch, isProbing: hasFailed))
                state.withLock { $0.isFailing = hasFailed }
                if hasFailed {
                    giveBackUnused()
                    await pause(backoff.next())
                } else {
                    backoff.reset()
                }
            case .wait(let limit):
                if await passOnToken(isFull: pacing.free(situation) == 0) { requestListener() }
                if let limit { setAlarm(&alarm, now + limit, &group) }
                await signal.wait()
                if let rung = alarm, rung <= .now { alarm = nil }
            }
        }
    }

    /// Starts runners a few at a time; the last of them to come to run asks for more. While handlers do not suspend, those
    /// few carry everything, and a task for each job would cost more than the job. Once they suspend, the next follow at once.
    ///
    /// - Parameter atOnce: all while Redis does not answer, since this loop waits for it between one few and the next.
    private func startRunners(_ group: inout DiscardingTaskGroup, atOnce: Int) {
        let slots = slots()
        let count = state.withLock { state in
            // Asked again now: a runner gives its slot to another partition first and counts as running for a moment longer.
            let slots = min(slots, share?.held ?? slots)
            let count = max(0, min(slots - state.running, state.backlog.count, atOnce - state.starting))
            state.running += count
            state.starting += count
            return count
        }
        for _ in 0..<count { group.addTask(priority: .medium) { await self.runner() } }
    }

    /// What must not be started goes back: if a renewal under way has kept a lease after all, its job would else wait for the end
    /// of that. Nothing is charged for it, and a cancelled job is removed.
    private func handBackUnstartable() async {
        let jobs = state.withLock { state in
            defer { state.unstartable = [] }
            return state.unstartable
        }
        let expired = Set(jobs.indices.filter { !jobs[$0].batch.isCurrent(jobs[$0].index) })
        let held = jobs.indices.filter { jobs[$0].batch.lose(jobs[$0].index) }
        guard !held.isEmpty else { return }
        metrics.lostLeases.increment(by: held.count(where: expired.contains))
        do { try await queue.release(held.map { jobs[$0].member }) } catch { failed(error) }
    }

    /// Rings at `instant`, unless an alarm is set that rings no later.
    private func setAlarm(
        _ alarm: inout ContinuousClock.Instant?, _ instant: ContinuousClock.Instant, _ group: inout DiscardingTaskGroup
    ) {
        if let alarm, alarm <= instant { return }
        alarm = instant
        group.addTask { [signal] in
            try? await Task.sleep(until: instant)
            signal.ring()
        }
    }

    /// While this worker drains, nothing more is started: what waits for a slot goes back at once.
    private func handBackUnstarted() async {
        let unstarted = state.withLock { state -> [LeasedJob] in
            guard state.isDraining, !state.backlog.isEmpty else { return [] }
            defer { state.backlog = [] }
            return Array(state.backlog)
        }
        guard !unstarted.isEmpty else { return }
        do {
            try await queue.release(unstarted.map(\.member))
            for job in unstarted { job.batch.lose(job.index) }
        } catch {
            // They are still held, so the hand-back at the end tries again.
            failed(error)
        }
    }

    /// - Returns: false when Redis did not answer; nothing is lost then, all is tried again.
    private func settleFailures() async -> Bool {
        while true {
            let failed = state.withLock { Array($0.failed.prefix(100)) }
            if failed.isEmpty { return true }
            do {
                let lost = Set(
                    try await metrics.time(metrics.fail) { () async throws(JobsError) in try await queue.fail(failed.map(\.failure)) })
                for (position, item) in failed.enumerated() {
                    if lost.contains(position) { lostLease(item.job) } else { item.job.batch.settle(item.job.index) }
                }
                state.withLock { state in
                    state.failed.removeFirst(failed.count)
                    state.batches.removeAll(where: \.isFinished)
                    // What was put off may be due at once, and nobody need have been woken for it.
                    state.mayHaveWork = true
                }
                succeeded()
            } catch {
                self.failed(error)
                if state.withLock({ $0.isOverdue }) { return true }
                return false
            }
        }
    }

    private func cycle(want: Int) async -> Bool {
        let slots = share?.held ?? options.concurrency
        let (done, direct) = state.withLock { state in
            let done = Array(state.done.prefix(Pacing.maximumClaim))
            state.done.removeFirst(done.count)
            if state.done.isEmpty { state.firstDone = nil }
            if want > 0 {
                // What the listener reports from here on may be newer than the answer.
                state.mayHaveWork = false
                state.holdsToken = false
            }
            return (done, max(0, slots - state.running - state.backlog.count))
        }
        let sentAt = ContinuousClock.now
        do {
            let reply = try await metrics.time(metrics.cycle) { () async throws(JobsError) in
                try await queue.cycle(done.map(\.acknowledgement), want: want, direct: direct, lease: options.leaseDuration)
            }
            confirm(done, lost: reply.lost)
            take(reply, want: want, sentAt: sentAt)
            succeeded()
            return true
        } catch {
            failed(error)
            state.withLock { state in
                // The script may have run although no answer came.
                let repeated = done.map { DoneJob(job: $0.job, acknowledgement: $0.acknowledgement, isRepeated: true) }
                state.done.insert(contentsOf: repeated, at: 0)
                state.firstDone = state.firstDone ?? .now
                state.mayHaveWork = true
            }
            return false
        }
    }

    private func confirm(_ done: [DoneJob], lost: [Int]) {
        metrics.done.increment(by: done.count - lost.count)
        for index in lost where done.indices.contains(index) && !done[index].isRepeated { lostLease(done[index].job) }
        for item in done { item.job.batch.settle(item.job.index) }
    }

    private func take(_ reply: CycleReply, want: Int, sentAt: ContinuousClock.Instant) {
        let batch = reply.entries.isEmpty ? nil : LeaseBatch(reply: reply, sentAt: sentAt, lease: options.leaseDuration)
        state.withLock { state in
            state.batches.removeAll(where: \.isFinished)
            if let batch {
                state.batches.append(batch)
                for index in batch.entries.indices { state.backlog.append(LeasedJob(batch: batch, index: index)) }
            }
            if want > 0 {
                if reply.entries.count == want { state.mayHaveWork = true }
                state.untilDue = reply.untilDue
            }
        }
    }

    func lostLease(_ job: LeasedJob) {
        // A renewal that was under way beside this call may have found it lost before, and counted it.
        guard job.batch.lose(job.index) else { return }
        metrics.lostLeases.increment()
    }

    private func pause(_ duration: Duration) async {
        try? await Task.sleep(for: duration)
    }
}

extension ConsumerState {
    fileprivate func situation(at now: ContinuousClock.Instant, elsewhere: Int) -> Pacing.Situation {
        var situation = Pacing.Situation()
        situation.elsewhere = elsewhere
        situation.running = running
        situation.backlog = backlog.count
        situation.acknowledgements = done.count
        situation.waiting = firstDone.map { $0.duration(to: now) } ?? .zero
        situation.mayHaveWork = mayHaveWork
        situation.isDraining = isDraining
        return situation
    }
}
