public import Redis
import Synchronization

/// One queue over several hash tags, hence, in a cluster, over several nodes: for producers and operators. Workers serve all partitions.
///
/// All jobs of a tenant are in one partition, where they keep their order; ids and unique keys are the tenant's own, too. How many
/// partitions there are is remembered in Redis: whoever is set to another number is refused with `.misconfigured`. With one
/// partition it does what `RedisJobQueue` does.
///
/// A call that concerns several partitions is made to all of them at the same time, each by itself: when it throws, some of them may
/// have done their part. Repeating it is as safe as ever.
public struct PartitionedJobQueue: JobQueue {
    public static let maximumPartitions = 64

    public let name: String
    package let partitions: [RedisJobQueue]
    private let agreement = Agreement()

    /// - Throws: `.invalidJob` when the name does not fit into a key or `count` is not 1 to 64.
    public init(client: RedisClient, name: String, partitions count: Int) throws(JobsError) {
        guard (1...Self.maximumPartitions).contains(count) else {
            throw JobsError(.invalidJob, "a queue has 1 to \(Self.maximumPartitions) partitions")
        }
        self.name = name
        partitions = try (0..<count).map { index throws(JobsError) in try RedisJobQueue(client: client, name: name, partition: index) }
    }

    /// The queue as it is in Redis, with as many partitions as are remembered there: for operators' tools.
    public static func open(client: RedisClient, name: String) async throws(JobsError) -> PartitionedJobQueue {
        let first = try RedisJobQueue(client: client, name: name)
        return try PartitionedJobQueue(client: client, name: name, partitions: try await first.count(QueueScripts.partitionsAsked, [0]))
    }

    package func partition(of tenant: String) -> RedisJobQueue {
        partitions[TenantPartition.of(tenant, among: partitions.count)]
    }

    // MARK: The number of partitions

    private final class Agreement: Sendable {
        let isReached = Mutex(false)
    }

    /// Makes sure that the queue has this number of partitions.
    /// - Throws: `.misconfigured`.
    package func agree() async throws(JobsError) {
        let script = partitions.count == 1 ? QueueScripts.partitionsAsked : QueueScripts.partitions
        let known = try await partitions[0].count(script, [RedisArgument(partitions.count)])
        guard known == partitions.count else {
            throw JobsError(
                .misconfigured,
                "queue \(name) has \(known) partition\(known == 1 ? "" : "s"), but this process is set to \(partitions.count): set SLUICE_QUEUE_PARTITIONS to \(known); how the number can be changed is in docs/queue.md"
            )
        }
        agreement.isReached.withLock { $0 = true }
    }

    private func agreeOnce() async throws(JobsError) {
        if !agreement.isReached.withLock({ $0 }) { try await agree() }
    }

    /// - Returns: what each partition answered, in their order.
    func all<T: Sendable>(
        _ body: @escaping @Sendable (Int, RedisJobQueue) async throws(JobsError) -> T
    ) async throws(JobsError) -> [T] {
        try await agreeOnce()
        if partitions.count == 1 { return [try await body(0, partitions[0])] }
        let answers = await withTaskGroup(of: (Int, Result<T, JobsError>).self) { group in
            for (index, partition) in partitions.enumerated() {
                group.addTask {
                    do throws(JobsError) { return (index, .success(try await body(index, partition))) } catch {
                        return (index, .failure(error))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var results: [T] = []
        for (_, answer) in answers.sorted(by: { $0.0 < $1.0 }) { results.append(try answer.get()) }
        return results
    }

    // MARK: Producers

    /// In batches of up to 256 per partition and round trip; each of them is added as a whole or not at all. Jobs of one tenant keep
    /// the order in which they are given.
    @discardableResult
    public func enqueue(_ requests: [JobRequest]) async throws(JobsError) -> [EnqueueResult] {
        guard partitions.count > 1 else {
            try await agreeOnce()
            return try await partitions[0].enqueue(requests)
        }
        var parts = [(indexes: [Int], requests: [JobRequest])](repeating: ([], []), count: partitions.count)
        for (index, request) in requests.enumerated() {
            let partition = TenantPartition.of(request.tenant, among: partitions.count)
            parts[partition].indexes.append(index)
            parts[partition].requests.append(request)
        }
        let answers = try await all { [parts] index, partition throws(JobsError) in
            parts[index].requests.isEmpty ? [] : try await partition.enqueue(parts[index].requests)
        }
        var results = [EnqueueResult](repeating: .enqueued, count: requests.count)
        for (part, answer) in zip(parts, answers) {
            for (index, result) in zip(part.indexes, answer) { results[index] = result }
        }
        return results
    }
}
