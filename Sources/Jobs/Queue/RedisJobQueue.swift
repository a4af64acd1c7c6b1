public import Redis

/// A queue in Redis, at least once: every job that was enqueued is run until a handler says that it is done, or ends in
/// the dead set with a reason.
///
/// A value; any number may exist for one queue, in any number of processes. All times are the server's.
///
/// This is one partition, by default the only one; `PartitionedJobQueue` is made of several.
public struct RedisJobQueue: WorkQueue {
    /// Jobs per script call: as many as keep each call under 3 ms of the one thread that all clients of the server share.
    package static let batchLimit = 256

    public let name: String
    package let keys: QueueKeys
    package let client: RedisClient

    /// - Throws: `.invalidJob` when the name does not fit into a key.
    public init(client: RedisClient, name: String) throws(JobsError) {
        try self.init(client: client, name: name, partition: 0)
    }

    package init(client: RedisClient, name: String, partition: Int) throws(JobsError) {
        self.client = client
        self.name = name
        keys = try QueueKeys(queue: name, partition: partition)
    }

    /// For producers that enqueue one job after the other: a task that prefers it saves two changes of threads a job. It must
    /// not block.
    public var executor: any TaskExecutor { client.executor }

    package func run(_ script: RedisScript, _ arguments: [RedisArgument] = []) async throws(JobsError) -> RedisValue {
        do {
            return try await client.evaluate(script, keys: keys.all, arguments: arguments)
        } catch {
            throw JobsError(error, doing: "\(script.name) of queue \(name)")
        }
    }

    package func unexpected(_ script: RedisScript) -> JobsError {
        JobsError(.unexpectedReply, "\(script.name) of queue \(name) gave an unknown reply")
    }

    package func integers(_ script: RedisScript, _ arguments: [RedisArgument] = []) async throws(JobsError) -> [Int] {
        guard let values = try await run(script, arguments).array else { throw unexpected(script) }
        let numbers = values.compactMap { $0.exact.map(Int.init) }
        guard numbers.count == values.count else { throw unexpected(script) }
        return numbers
    }

    package func count(_ script: RedisScript, _ arguments: [RedisArgument]) async throws(JobsError) -> Int {
        guard let number = try await run(script, arguments).exact else { throw unexpected(script) }
        return Int(number)
    }
}
