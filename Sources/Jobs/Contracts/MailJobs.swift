public import Redis

/// The mails of signing in, for those who have them sent.
public struct MailJobs: Sendable {
    /// How long after its mail has lost its use a job still ends quietly, by a worker that finds nothing to send. Beyond it no worker
    /// can have served the queue for long, which is told by the dead set.
    private static let grace: Duration = .seconds(3600)

    private let queues: PartitionedQueues

    /// - Parameter partitions: over how many each queue is spread; 1 to `PartitionedJobQueue.maximumPartitions`.
    public init(client: RedisClient, partitions: Int = 1) {
        queues = PartitionedQueues(client: client, partitions: partitions)
    }

    /// Has a mail sent. Asked for again it is sent no second time, as long as the first job exists.
    ///
    /// - Throws: `.unavailable`, `.full`, `.misconfigured`. Repeating the call is safe.
    public func enqueue(_ mail: SendMail) async throws(JobsError) {
        let request = try JobRequest(
            mail, id: mail.id, priority: mail.kind.priority, lifetime: mail.kind.usefulLife + Self.grace)
        try await queues.queue(named: request.queue).enqueue([request])
    }
}
