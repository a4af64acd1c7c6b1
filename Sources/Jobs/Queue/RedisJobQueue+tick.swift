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
        guard let values = try await run(QueueScripts.tick, arguments).array, values.count == 5, let isHeld = values[0].exact,
            let fired = values[1].exact, let overlapped = values[2].exact, let now = values[3].exact, let state = values[4].string,
            (0..<1 << 48).contains(now)
        else { throw unexpected(QueueScripts.tick) }
        return TickReply(isHeld: isHeld == 1, fired: Int(fired), overlapped: Int(overlapped), now: now, state: state)
    }
}
