/// The job types that a worker can run.
public struct JobRegistry: Sendable {
    struct Entry: Sendable {
        let schemaVersion: Int
        let policy: RetryPolicy
        let timeout: Duration?
        let run: @Sendable (JobEnvelope, JobContext) async throws -> JobOutcome
    }

    private var entries: [String: Entry] = [:]

    public init() {}

    /// Registers the handler of a type. It must be idempotent: a job whose worker was lost runs again.
    ///
    /// - Precondition: the type has a valid name and was not registered before.
    public mutating func register<J: JobContract>(
        _ type: J.Type, _ handler: @escaping @Sendable (J, JobContext) async throws -> JobOutcome
    ) {
        precondition(JobName.isType(J.type), "a job type has 1 to 64 of a-z 0-9 . _ @ : -")
        let entry = Entry(schemaVersion: J.schemaVersion, policy: J.policy, timeout: J.timeout) { envelope, context in
            let job: J
            do { job = try J.decodePayload(envelope.payload, schemaVersion: envelope.schemaVersion) } catch {
                return .giveUp(reason: "the payload does not decode")
            }
            return try await handler(job, context)
        }
        precondition(entries.updateValue(entry, forKey: J.type) == nil, "a job type is registered once")
    }

    /// The names of the registered types, sorted.
    public var types: [String] { entries.keys.sorted() }

    func entry(for type: String) -> Entry? { entries[type] }
}
