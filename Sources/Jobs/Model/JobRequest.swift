public import Platform

/// A job on its way into a queue: encoded and checked.
public struct JobRequest: Sendable {
    /// The largest payload, in bytes. What is larger belongs elsewhere, with its name in the job.
    public static let maximumPayload = 64 << 10

    public let id: String
    public let type: String
    public let tenant: String
    /// 0 (normal) to 9; a higher one is served first.
    public let priority: Int
    public let delay: Duration
    public let uniqueKey: String
    public let queue: String
    package let body: [UInt8]

    /// - Parameters:
    ///   - id: names the job: a second request with the same id is refused for as long as the first exists. 1 to 128 of `[A-Za-z0-9._@:-]`.
    ///   - tenant: the party among which the queue divides its workers fairly; up to 128 of the same characters.
    ///   - delay: until it may run; up to ten years.
    ///   - uniqueKey: no other job with this key is accepted until this one has ended; up to 128 of the same characters.
    ///   - timeout: how long one run may take, instead of what the type says. A run that takes longer is cancelled and counts as failed.
    ///   - lifetime: how long the job is of use, from its enqueue on. Afterwards it goes to the dead set, and a run is cancelled.
    ///   - traceParent: the trace to which the job belongs.
    /// - Throws: `.payloadTooLarge`, `.invalidJob` or `.encoding`.
    public init<J: JobContract>(
        _ job: J, id: String = UUIDv7().description, tenant: String = "", priority: Int = 0, delay: Duration = .zero,
        uniqueKey: String = "", timeout: Duration? = nil, lifetime: Duration? = nil, traceParent: TraceParent? = nil, queue: String? = nil
    ) throws(JobsError) {
        let payload: [UInt8]
        do { payload = try job.encodePayload() } catch {
            throw JobsError(.encoding, "a job of type \(J.type) could not be encoded", underlying: error)
        }
        for time in [timeout, lifetime] {
            guard time.map({ $0 > .zero && $0 < Self.longest }) ?? true else {
                throw JobsError(.invalidJob, "a timeout or lifetime is above 0 and below ten years")
            }
        }
        let extensions = JobEnvelope.Extensions(
            timeout: timeout?.milliseconds, lifetime: lifetime?.milliseconds, traceParent: traceParent)
        try self.init(
            type: J.type, body: JobEnvelope.encode(schemaVersion: J.schemaVersion, extensions: extensions, payload: payload), id: id,
            tenant: tenant, priority: priority, delay: delay, uniqueKey: uniqueKey, queue: queue ?? J.queue)
    }

    package init(
        type: String, body: [UInt8], id: String, tenant: String = "", priority: Int = 0, delay: Duration = .zero, uniqueKey: String = "",
        queue: String
    ) throws(JobsError) {
        guard JobName.isType(type) else { throw JobsError(.invalidJob, "a job type has 1 to 64 of a-z 0-9 . _ @ : -") }
        guard JobName.isID(id) else { throw JobsError(.invalidJob, "the id of a job has 1 to 128 of A-Z a-z 0-9 . _ @ : -") }
        guard JobName.isTenant(tenant), JobName.isTenant(uniqueKey) else {
            throw JobsError(.invalidJob, "a tenant or unique key has up to 128 of A-Z a-z 0-9 . _ @ : -")
        }
        guard JobName.isQueue(queue) else { throw JobsError(.invalidJob, "a queue name has 1 to 64 of A-Z a-z 0-9 . _ @ -") }
        guard (0...9).contains(priority) else { throw JobsError(.invalidJob, "a priority is 0 to 9") }
        guard delay >= .zero, delay < Self.longest else { throw JobsError(.invalidJob, "a delay is 0 to ten years") }
        self.id = id
        self.type = type
        self.tenant = tenant
        self.priority = priority
        self.delay = delay
        self.uniqueKey = uniqueKey
        self.queue = queue
        self.body = body
    }

    private static let longest: Duration = .seconds(86_400 * 3650)

    /// `<priority>:<tenant>`: the ready list the job waits in.
    package var lane: String { "\(priority):\(tenant)" }
}

/// What became of one request.
public enum EnqueueResult: Sendable, Hashable {
    case enqueued
    /// Nothing was added: a job with this id exists.
    case duplicate(JobPresence)
    /// Nothing was added: the job with this id holds the unique key.
    case uniqueKeyHeld(by: String)
}

/// How a job exists.
public enum JobPresence: Sendable, Hashable {
    /// Waiting, delayed, parked or running; also one that was cancelled and not met since.
    case live
    /// In the dead set, until it is replayed or dropped.
    case dead
}
