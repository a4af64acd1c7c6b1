import Redis

extension RedisJobQueue {
    /// Reads what operators have set: pauses, limits, weights. The cost grows with their number.
    public func settings() async throws(JobsError) -> QueueSettings {
        let fields = try await read(RedisCommand("HGETALL", RedisArgument(keys.control))).compactMap(\.string)
        let pairs = stride(from: 0, to: fields.count - 1, by: 2).map { (name: fields[$0], value: fields[$0 + 1]) }
        return QueueSettings(fields: pairs)
    }
}
