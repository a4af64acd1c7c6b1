public import Platform
public import Redis

/// The jobs of files.
///
/// Their queues carry the name of the staging area, because only workers that mount it can serve them. Their ids follow from the
/// file, so enqueuing twice is enqueuing once.
public struct FileJobs: Sendable {
    /// What a file needs.
    public struct Work: Sendable, Hashable {
        public enum Kind: Sendable, Hashable {
            case transfer, delete
        }

        public let file: UUIDv7
        /// The object's name on the FTP server.
        public let key: String
        /// Among tenants the queue divides its workers fairly.
        public let tenant: String
        /// The staging area that received the file.
        public let area: String
        public let kind: Kind

        public init(file: UUIDv7, key: String, tenant: String, area: String, kind: Kind) {
            self.file = file
            self.key = key
            self.tenant = tenant
            self.area = area
            self.kind = kind
        }
    }

    private let queues: PartitionedQueues

    /// - Parameter partitions: over how many each queue is spread; 1 to `PartitionedJobQueue.maximumPartitions`.
    public init(client: RedisClient, partitions: Int = 1) {
        queues = PartitionedQueues(client: client, partitions: partitions)
    }

    /// The name of an area's queue: `transfer@default`.
    public static func queue(_ name: String, area: String) -> String { "\(name)@\(area)" }

    /// Enqueues the jobs that do not exist yet.
    ///
    /// - Returns: a result for each, in order.
    public func enqueue(_ work: [Work]) async throws(JobsError) -> [EnqueueResult] {
        var results = [EnqueueResult](repeating: .enqueued, count: work.count)
        for (name, batch) in try Self.byQueue(work) {
            let queue = try queues.queue(named: name)
            for (index, result) in zip(batch.indexes, try await queue.enqueue(batch.requests)) { results[index] = result }
        }
        return results
    }

    /// Puts dead jobs back to work, as if new. Those that are not dead are left alone.
    public func replay(_ work: [Work]) async throws(JobsError) {
        for (name, batch) in try Self.byQueue(work) {
            try await queues.queue(named: name).replay(batch.requests.map(\.id))
        }
    }

    private static func byQueue(_ work: [Work]) throws(JobsError) -> [String: (indexes: [Int], requests: [JobRequest])] {
        var batches: [String: (indexes: [Int], requests: [JobRequest])] = [:]
        for (index, item) in work.enumerated() {
            let request = try item.request()
            batches[request.queue, default: ([], [])].indexes.append(index)
            batches[request.queue, default: ([], [])].requests.append(request)
        }
        return batches
    }
}

extension FileJobs.Work {
    fileprivate func request() throws(JobsError) -> JobRequest {
        switch kind {
        case .transfer:
            try JobRequest(
                TransferFile(file: file, key: key), id: TransferFile.id(of: file), tenant: tenant,
                queue: FileJobs.queue(TransferFile.queue, area: area))
        case .delete:
            try JobRequest(
                DeleteFile(file: file, key: key), id: DeleteFile.id(of: file), tenant: tenant,
                queue: FileJobs.queue(DeleteFile.queue, area: area))
        }
    }
}
