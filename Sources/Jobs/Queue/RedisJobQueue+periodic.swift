import Redis

extension RedisJobQueue {
    package func tick(_ periodic: PeriodicJob) async throws(JobsError) -> (fired: Bool, untilNext: Duration) {
        let values = try await integers(
            QueueScripts.tick,
            [
                RedisArgument(periodic.name), RedisArgument(periodic.interval.milliseconds), RedisArgument(periodic.lane),
                RedisArgument(periodic.rest),
            ])
        guard values.count == 2 else { throw unexpected(QueueScripts.tick) }
        return (values[0] == 1, .milliseconds(values[1]))
    }
}
