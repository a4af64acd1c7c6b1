import Redis

extension RedisJobQueue {
    package func tick(_ job: ScheduledJob, _ plan: SchedulePlan?) async throws(JobsError) -> TickReply {
        var arguments = [RedisArgument(job.name)]
        if let plan {
            arguments += [
                RedisArgument(plan.seen), RedisArgument(plan.holds.lowerBound), RedisArgument(plan.holds.upperBound),
                RedisArgument(plan.watermark), RedisArgument(job.schedule.description), RedisArgument(job.overlap == .skip ? 1 : 0),
                RedisArgument(job.lane), RedisArgument(job.rest),
            ]
            arguments += plan.ticks.map { RedisArgument(ScheduledJob.text(of: $0)) }
        }
        guard let values = try await run(QueueScripts.tick, arguments).array, values.count == 5, let isHeld = values[0].int,
            let fired = values[1].int, let overlapped = values[2].int, let now = values[3].int, let state = values[4].string,
            (0..<1 << 48).contains(now)
        else { throw unexpected(QueueScripts.tick) }
        return TickReply(isHeld: isHeld == 1, fired: Int(fired), overlapped: Int(overlapped), now: now, state: state)
    }
}
