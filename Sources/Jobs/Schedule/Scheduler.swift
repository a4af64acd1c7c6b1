import Logging
import Platform

/// Fires one scheduled job for as long as it runs, beside the other workers that do the same.
///
/// It sleeps until the next tick, by the server's clock as last heard, and asks the queue to carry out what is due then; of the workers
/// that ask, one is first. In between it asks now and then how the schedule stands.
struct Scheduler: Sendable {
    /// So that a clock that was set, or a Redis that was emptied, is noticed.
    private static let longestSleep: Duration = .seconds(300)

    let queue: any WorkQueue
    let job: ScheduledJob
    private let metrics: ScheduleMetrics
    private let logger: Logger

    init(queue: any WorkQueue, job: ScheduledJob, logger: Logger) {
        self.queue = queue
        self.job = job
        metrics = ScheduleMetrics(queue: queue.name, schedule: job.name)
        var logger = logger
        logger[.queue] = "\(queue.name)"
        logger[.schedule] = "\(job.name)"
        self.logger = logger
    }

    func run() async {
        var plan: SchedulePlan?
        var isStuck = false
        while !Task.isCancelled {
            var pause = Duration.seconds(1)
            do {
                let reply = try await queue.tick(job, plan)
                if isStuck { logger.notice("schedule goes on") }
                isStuck = false
                if let plan, reply.isHeld { record(plan, reply) }
                (plan, pause) = next(reply, wasRefused: plan != nil && !reply.isHeld)
            } catch {
                // Whether the plan was carried out is unknown; the state will tell.
                plan = nil
                // Only the first failure of a series is news.
                logger.log(level: isStuck ? .debug : .warning, "schedule cannot fire, trying again", metadata: .init([.error: "\(error)"]))
                isStuck = true
            }
            try? await Task.sleep(for: pause)
        }
    }

    /// What to send next, and after which pause.
    private func next(_ reply: TickReply, wasRefused: Bool) -> (SchedulePlan?, Duration) {
        switch job.step(seeing: reply.state, at: reply.now) {
        case .fire(let plan): return (plan, wasRefused ? .milliseconds(Int.random(in: 1...20)) : .zero)
        case .wait(let tick):
            guard let tick, case let pause = Duration.milliseconds(tick * 1000 - reply.now), pause <= Self.longestSleep else {
                return (nil, Self.longestSleep)
            }
            var plan: SchedulePlan?
            if case .fire(let expected) = job.step(seeing: reply.state, at: tick * 1000) { plan = expected }
            // Apart from each other, so that most workers find it done.
            return (plan, pause + .milliseconds(Int.random(in: 1...50)))
        }
    }

    private func record(_ plan: SchedulePlan, _ reply: TickReply) {
        metrics.record(plan, reply)
        if plan.missed > 0 {
            logger.notice("ticks were missed", metadata: .init([.missed: "\(plan.missed)", .fired: "\(reply.fired)"]))
        }
        if reply.overlapped > 0 { logger.debug("a tick was skipped: the job of an earlier one is not done") }
    }
}
