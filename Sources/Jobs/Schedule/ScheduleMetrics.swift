import Metrics

/// The figures of one schedule, made once.
struct ScheduleMetrics: Sendable {
    private let fired, overlapped, missed: Counter
    /// How long after its tick a job was enqueued.
    private let lateness: Metrics.Timer

    init(queue: String, schedule: String) {
        let dimensions = [("queue", queue), ("schedule", schedule)]
        fired = Counter(label: "sluice_schedule_fired_total", dimensions: dimensions)
        overlapped = Counter(label: "sluice_schedule_overlapped_total", dimensions: dimensions)
        missed = Counter(label: "sluice_schedule_missed_total", dimensions: dimensions)
        lateness = Metrics.Timer(label: "sluice_schedule_late_seconds", dimensions: dimensions)
    }

    /// Counts a plan that was carried out.
    func record(_ plan: SchedulePlan, _ reply: TickReply) {
        fired.increment(by: reply.fired)
        overlapped.increment(by: reply.overlapped)
        missed.increment(by: plan.missed)
        if reply.fired > 0, let tick = plan.ticks.last { lateness.recordMilliseconds(max(0, reply.now - tick * 1000)) }
    }
}
