public import Platform
public import Redis

/// The jobs of one staging area's files.
///
/// Their queues carry the name of the area, because only workers that mount it can serve them. Their ids follow from the
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
        public let kind: Kind

        public init(file: UUIDv7, key: String, tenant: String, kind: Kind) {
            self.file = file
            self.key = key
            self.tenant = tenant
            self.kind = kind
        }
    }

    private let area: String
    private let transfers: RedisJobQueue
    private let deletions: RedisJobQueue

    /// - Throws: `.invalidJob` when the area's name cannot be part of a queue's.
    public init(client: RedisClient, area: String) throws(JobsError) {
        self.area = area
        transfers = try RedisJobQueue(client: client, name: Self.queue(TransferFile.queue, area: area))
        deletions = try RedisJobQueue(client: client, name: Self.queue(DeleteFile.queue, area: area))
    }

    /// The name of an area's queue: `transfer@default`.
    public static func queue(_ name: String, area: String) -> String { "\(name)@\(area)" }

    /// Enqueues the jobs that do not exist yet.
    ///
    /// - Returns: a result for each, in order.
    public func enqueue(_ work: [Work]) async throws(JobsError) -> [EnqueueResult] {
        var requests: (transfers: [JobRequest], deletions: [JobRequest]) = ([], [])
        for item in work {
            switch item.kind {
            case .transfer:
                requests.transfers.append(
                    try JobRequest(
                        TransferFile(file: item.file, key: item.key), id: TransferFile.id(of: item.file), tenant: item.tenant,
                        queue: Self.queue(TransferFile.queue, area: area)))
            case .delete:
                requests.deletions.append(
                    try JobRequest(
                        DeleteFile(file: item.file, key: item.key), id: DeleteFile.id(of: item.file), tenant: item.tenant,
                        queue: Self.queue(DeleteFile.queue, area: area)))
            }
        }
        var results: (transfers: ArraySlice<EnqueueResult>, deletions: ArraySlice<EnqueueResult>) = ([], [])
        if !requests.transfers.isEmpty { results.transfers = try await transfers.enqueue(requests.transfers)[...] }
        if !requests.deletions.isEmpty { results.deletions = try await deletions.enqueue(requests.deletions)[...] }
        return work.compactMap { $0.kind == .transfer ? results.transfers.popFirst() : results.deletions.popFirst() }
    }
}
