public import Platform

/// A job on its way into a queue: encoded and checked.
public struct JobRequest: Sendable {
    /// The largest payload, in bytes. What is larger belongs elsewhere, with its name in the job.
    public static let maximumPayload = 64 << 10

    public let id: String
    public let tenant: String
    /// 0 (normal) to 9; a higher one is served first.
    public let priority: Int
    public let delay: Duration
    public let queue: String
    package let body: [UInt8]

    /// - Parameters:
    ///   - id: names the job: a second request with the same id is refused for as long as the first exists. 1 to 128 of `[A-Za-z0-9._@:-]`.
    ///   - tenant: the party among which the queue divides its workers fairly; up to 128 of the same characters.
    /// - Throws: `.payloadTooLarge`, `.invalidJob` or `.encoding`.
    public init<J: JobContract>(
        _ job: J, id: String = UUIDv7().description, tenant: String = "", priority: Int = 0, delay: Duration = .zero, queue: String? = nil
    ) throws(JobsError) {
        let payload: [UInt8]
        do { payload = try job.encodePayload() } catch {
            throw JobsError(.encoding, "a job of type \(J.type) could not be encoded", underlying: error)
        }
        try self.init(
            body: JobEnvelope.encode(type: J.type, schemaVersion: J.schemaVersion, payload: payload), id: id, tenant: tenant,
            priority: priority, delay: delay, queue: queue ?? J.queue)
    }

    package init(body: [UInt8], id: String, tenant: String = "", priority: Int = 0, delay: Duration = .zero, queue: String)
        throws(JobsError)
    {
        guard JobName.isID(id) else { throw JobsError(.invalidJob, "the id of a job has 1 to 128 of A-Z a-z 0-9 . _ @ : -") }
        guard JobName.isTenant(tenant) else { throw JobsError(.invalidJob, "a tenant has up to 128 of A-Z a-z 0-9 . _ @ : -") }
        guard JobName.isQueue(queue) else { throw JobsError(.invalidJob, "a queue name has 1 to 64 of A-Z a-z 0-9 . _ @ -") }
        guard (0...9).contains(priority) else { throw JobsError(.invalidJob, "a priority is 0 to 9") }
        guard delay >= .zero, delay < .seconds(86_400 * 3650) else { throw JobsError(.invalidJob, "a delay is 0 to ten years") }
        self.id = id
        self.tenant = tenant
        self.priority = priority
        self.delay = delay
        self.queue = queue
        self.body = body
    }

    /// `<priority>:<tenant>`: the ready list the job waits in.
    package var lane: String { "\(priority):\(tenant)" }
}

/// What became of one request.
public enum EnqueueResult: Sendable, Hashable {
    case enqueued
    /// Nothing was added: a job with this id exists.
    case duplicate(JobPresence)
}

/// How a job exists.
public enum JobPresence: Sendable, Hashable {
    /// Waiting, delayed, or running.
    case live
    /// In the dead set, until it is replayed or dropped.
    case dead
}
