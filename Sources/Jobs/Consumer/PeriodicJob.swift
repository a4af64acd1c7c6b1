/// A job that the workers of a queue enqueue at every tick of the server's clock.
///
/// Each tick fires once however many workers there are: its id is the name and the number of the tick, and the tick is
/// remembered in Redis. It is skipped while the job of an earlier tick still waits or runs. Missed ticks (no worker, no
/// Redis) are not made up for: one tick follows as soon as there is a worker again.
public struct PeriodicJob: Sendable {
    public let name: String
    public let interval: Duration
    public let queue: String
    package let lane: String
    /// What follows the id in an entry.
    package let rest: [UInt8]
    private let type: String
    private let body: [UInt8]
    private let priority: Int

    /// - Precondition: a valid name and queue, an interval of at least a second, and a job that can be encoded: these come
    ///   from code, not from outside.
    public init<J: JobContract>(name: String, every interval: Duration, job: J, queue: String? = nil, priority: Int = 0) {
        precondition(interval >= .seconds(1), "a periodic job ticks at most once a second")
        do {
            let request = try JobRequest(job, id: name, priority: priority, queue: queue)
            self.name = name
            self.interval = interval
            self.queue = request.queue
            self.priority = priority
            lane = request.lane
            type = request.type
            body = request.body
            rest = Array("\(type)||".utf8) + body
        } catch {
            preconditionFailure("periodic job \(name): \(error)")
        }
        precondition(rest.count <= JobEntry.inlineLimit, "a periodic job is small")
    }

    /// - Throws: `.invalidJob` when the name leaves no room for the number of the tick.
    func request(tick: Int64) throws(JobsError) -> JobRequest {
        try JobRequest(type: type, body: body, id: "\(name)@\(tick)", priority: priority, queue: queue)
    }
}
