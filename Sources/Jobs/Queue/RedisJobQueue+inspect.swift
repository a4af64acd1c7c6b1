import Redis

extension RedisJobQueue {
    public func snapshot() async throws(JobsError) -> QueueSnapshot {
        let values = try await integers(QueueScripts.snapshot)
        guard values.count == 12 else { throw unexpected(QueueScripts.snapshot) }
        return QueueSnapshot(
            ready: values[0], delayed: values[1], inFlight: values[2], dead: values[3], oldestAge: .milliseconds(values[4]),
            lanes: values[5], suspects: values[6], parked: values[7], cancelled: values[8], bytes: values[9], isPaused: values[10] == 1,
            done: values[11])
    }

    public func check(limit: Int) async throws(JobsError) -> [String] {
        guard let values = try await run(QueueScripts.check, [RedisArgument(min(max(limit, 1), 5000))]).array else {
            throw unexpected(QueueScripts.check)
        }
        return values.compactMap(\.string)
    }
}
