import Redis
import Synchronization

/// The queues of one client by name, made once each: each asks Redis at its first use whether it has the right number of partitions.
final class PartitionedQueues: Sendable {
    private let client: RedisClient
    private let partitions: Int
    private let known = Mutex<[String: PartitionedJobQueue]>([:])

    init(client: RedisClient, partitions: Int) {
        self.client = client
        self.partitions = partitions
    }

    /// - Throws: `.invalidJob`.
    func queue(named name: String) throws(JobsError) -> PartitionedJobQueue {
        if let queue = known.withLock({ $0[name] }) { return queue }
        let queue = try PartitionedJobQueue(client: client, name: name, partitions: partitions)
        known.withLock { $0[name] = queue }
        return queue
    }
}
