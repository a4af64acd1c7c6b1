import Jobs
import Logging
import Platform
import Redis
import RedisSupport
import ServiceLifecycle
import TestSupport

extension PartitionedJobQueue {
    /// A queue of the test's own on the shared server; it is removed afterwards.
    static func with(_ count: Int, _ body: @Sendable (PartitionedJobQueue, RedisClient) async throws -> Void) async throws {
        try await RedisClient.with(TestServer.redis.url) { client in
            let queue = try PartitionedJobQueue(client: client, name: "test-\(UUIDv7())", partitions: count)
            let result: Result<Void, any Error>
            do { result = .success(try await body(queue, client)) } catch { result = .failure(error) }
            for partition in queue.partitions { try await partition.erase() }
            try result.get()
        }
    }

    /// The first tenants `t<number>` of a partition.
    func tenants(of partition: Int, _ count: Int) -> [String] {
        Array((0...).lazy.map { "t\($0)" }.filter { self.index(of: $0) == partition }.prefix(count))
    }

    func index(of tenant: String) -> Int { TenantPartition.of(tenant, among: partitions.count) }

    @discardableResult
    func notes(_ ids: String..., tenant: String, priority: Int = 0, uniqueKey: String = "") async throws -> [EnqueueResult] {
        try await enqueue(ids.map { try JobRequest(Note(text: $0), id: $0, tenant: tenant, priority: priority, uniqueKey: uniqueKey) })
    }

    var isDone: Bool {
        get async throws {
            let snapshot = try await snapshot()
            return snapshot.ready + snapshot.delayed + snapshot.inFlight + snapshot.parked == 0
        }
    }
}

/// Runs a worker over all partitions for the length of `body`, then shuts it down gracefully.
func withWorker(
    _ client: RedisClient, _ queue: PartitionedJobQueue, concurrency: Int = 4, lease: Duration = .seconds(15).stretched,
    _ handler: @escaping @Sendable (Note, JobContext) async throws -> JobOutcome, _ body: @Sendable (JobWorker) async throws -> Void
) async throws {
    var registry = JobRegistry()
    registry.register(Note.self, handler)
    var options = QueueOptions(queue.name, concurrency: concurrency)
    options.leaseDuration = lease
    let worker = try JobWorker(
        client: client, queues: [options], registry: registry, partitions: queue.partitions.count, drainTimeout: .seconds(5).stretched,
        logger: .silent)
    let group = ServiceGroup(services: [worker], logger: .silent)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        try await body(worker)
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}
