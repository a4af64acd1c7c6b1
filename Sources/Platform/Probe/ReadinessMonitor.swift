import Synchronization

/// Runs the health checks on request: in parallel, each with a deadline, and not again while the last answer is fresh.
///
/// A check that outlives its deadline is reported as overdue, is left alone, and is not started a second time, so a
/// dependency that hangs costs one task and no more.
final class ReadinessMonitor: Sendable {
    private enum Slot {
        case idle(fault: String?)
        case running
    }

    private let checks: [HealthCheck]
    private let deadline: Duration
    private let lifetime: Duration
    private let slots: Mutex<[Slot]>

    init(checks: [HealthCheck], deadline: Duration, lifetime: Duration) {
        self.checks = checks
        self.deadline = deadline
        self.lifetime = lifetime
        slots = Mutex(checks.map { _ in .idle(fault: nil) })
    }

    /// Answers requests one after the other until they end or the task is cancelled.
    func run<Requests: AsyncSequence & Sendable>(_ requests: Requests) async
    where Requests.Element == @Sendable (Readiness) -> Void, Requests.Failure == Never {
        await withDiscardingTaskGroup { group in
            var last: (readiness: Readiness, time: ContinuousClock.Instant)?
            for await answer in requests {
                if let last, last.time.duration(to: .now) < lifetime {
                    answer(last.readiness)
                    continue
                }
                let readiness = await evaluate(&group)
                last = (readiness, .now)
                answer(readiness)
            }
            group.cancelAll()
        }
    }

    private func evaluate(_ group: inout DiscardingTaskGroup) async -> Readiness {
        let (finished, finish) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(max(checks.count, 1)))
        let started = checks.indices.filter { claim($0) }
        for index in started {
            group.addTask { [self] in
                let fault = await checks[index].check()
                slots.withLock { $0[index] = .idle(fault: fault) }
                finish.yield()
            }
        }
        if !started.isEmpty { await wait(for: started.count, of: finished) }
        let current = slots.withLock { $0 }
        return Readiness(
            entries: zip(checks, current).map { check, slot in
                switch slot {
                case .idle(let fault): .init(name: check.name, fault: fault)
                case .running: .init(name: check.name, fault: "overdue")
                }
            })
    }

    private func claim(_ index: Int) -> Bool {
        slots.withLock { slots in
            guard case .idle = slots[index] else { return false }
            slots[index] = .running
            return true
        }
    }

    /// Returns after `count` signals or at the deadline, whichever is first.
    private func wait(for count: Int, of finished: AsyncStream<Void>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var missing = count
                for await _ in finished {
                    missing -= 1
                    if missing == 0 { return }
                }
            }
            group.addTask { [deadline] in
                // Cancellation ends the sleep early, which is what is wanted.
                try? await Task.sleep(for: deadline)
            }
            await group.next()
            group.cancelAll()
        }
    }
}
