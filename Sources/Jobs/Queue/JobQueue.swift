/// A queue of jobs, as producers, programs and operators see it.
///
/// `RedisJobQueue` is the one for production; `MemoryJobQueue` has the same behaviour inside one process and forgets everything with it.
public protocol JobQueue: Sendable {
    var name: String { get }

    /// Adds jobs. One whose id exists is left alone, so repeating a call that failed is safe. The requests' own queue names are
    /// not looked at.
    /// - Returns: one result per request, in their order.
    /// - Throws: `.full` when a limit is reached; `.unavailable`, after which part of a call with more than 256 jobs may have been added.
    @discardableResult
    func enqueue(_ requests: [JobRequest]) async throws(JobsError) -> [EnqueueResult]

    /// Reads all gauges; the cost does not depend on the length of the queue.
    func snapshot() async throws(JobsError) -> QueueSnapshot

    /// Cross-checks the structures.
    /// - Parameter limit: how many members of each structure are read, up to 5000; the totals always cover all.
    /// - Returns: one sentence per violation; empty when all is well.
    func check(limit: Int) async throws(JobsError) -> [String]

    /// A page of the dead set, oldest first.
    /// - Parameter limit: 1 to 256.
    func dead(after cursor: DeadCursor?, limit: Int) async throws(JobsError) -> [DeadJob]

    /// Puts dead jobs back to work, as if new.
    /// - Returns: how many were replayed; unknown ids, unreadable entries, and jobs whose unique key another one holds are passed over.
    @discardableResult
    func replay(_ ids: [String]) async throws(JobsError) -> Int

    /// Forgets dead jobs.
    /// - Returns: how many were dropped.
    @discardableResult
    func drop(_ ids: [String]) async throws(JobsError) -> Int

    /// Cancels jobs, waiting or running. One that waits is removed when it is met; until then its id exists.
    /// - Returns: one result per id, in their order.
    @discardableResult
    func cancel(_ ids: [String]) async throws(JobsError) -> [CancelResult]

    /// Stops claims; what runs goes on.
    /// - Returns: whether that changed anything.
    /// - Throws: `.invalidJob` for a name that no job can have.
    @discardableResult
    func pause(_ scope: PauseScope) async throws(JobsError) -> Bool

    /// Ends a pause.
    /// - Returns: whether there was one.
    @discardableResult
    func resume(_ scope: PauseScope) async throws(JobsError) -> Bool

    /// Sets a limit, or lifts it with nil. What is in flight or enqueued beyond it stays.
    /// - Throws: `.invalidJob` for a value that is out of range.
    func limit(_ limit: QueueLimit, to value: Int?) async throws(JobsError)
}

extension JobQueue {
    public func check() async throws(JobsError) -> [String] { try await check(limit: 1000) }
    public func dead() async throws(JobsError) -> [DeadJob] { try await dead(after: nil, limit: 100) }
}

/// What workers do with a queue besides; `docs/queue.md` describes the transitions.
package protocol WorkQueue: JobQueue {
    /// Acknowledges, promotes what is due, and claims.
    /// - Parameter direct: how many of the claimed jobs start at once.
    func cycle(_ acknowledgements: [Acknowledgement], want: Int, direct: Int, lease: Duration) async throws(JobsError) -> CycleReply

    /// - Returns: positions of the failures whose lease was no longer held; those jobs were left alone.
    func fail(_ failures: [Failure]) async throws(JobsError) -> [Int]

    /// Renews leases.
    /// - Parameters:
    ///   - started: members of jobs that have been started.
    ///   - waiting: members of jobs that have not. Positions in the reply count from the first to the last of both.
    func beat(started: [[UInt8]], waiting: [[UInt8]], lease: Duration) async throws(JobsError) -> BeatReply

    /// Takes back expired leases.
    func reap(limit: Int, poisonAfter crashes: Int) async throws(JobsError) -> ReapReply

    /// Hands leases back, given in the order of their claim.
    /// - Returns: how many were still held.
    @discardableResult
    func release(_ members: [[UInt8]]) async throws(JobsError) -> Int

    /// Returns parked jobs of one kind to their lanes, in their order; none while the type is paused.
    func unpark(kind: String, type: String) async throws(JobsError)

    /// The envelope of a job that keeps it apart.
    func body(of id: String) async throws(JobsError) -> [UInt8]?

    /// Tells how a schedule stands, and carries out a plan for it if that holds.
    func tick(_ job: ScheduledJob, _ plan: SchedulePlan?) async throws(JobsError) -> TickReply

    /// Waits until somebody says that there is work.
    /// - Returns: whether a token was taken: whoever has one claims, or passes it on.
    func awaitWork(for limit: Duration) async throws(JobsError) -> Bool

    /// Gives a token to another worker that waits.
    func passOnToken() async throws(JobsError)
}
