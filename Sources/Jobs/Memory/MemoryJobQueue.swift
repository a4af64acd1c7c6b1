import DequeModule
import Glibc
import Platform
import Synchronization

/// A queue inside this process, with the behaviour of `RedisJobQueue`; it forgets everything with the process.
///
/// For tests, and for programs that have no Redis. The dead set and the number of lanes are looked at one by one, so it is meant
/// for thousands of either, not millions.
public final class MemoryJobQueue: WorkQueue {
    private struct State {
        var store = MemoryStore()
        var waiters: Deque<(id: UInt64, continuation: CheckedContinuation<Bool, Never>)> = []
        var cancelled: Set<UInt64> = []
        var nextWaiter: UInt64 = 0
    }

    public let name: String
    private let microseconds: @Sendable () -> Int64
    private let state = Mutex(State())

    public convenience init(name: String) {
        self.init(name: name) {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
        }
    }

    /// - Parameter microseconds: the time since 1970.
    package init(name: String, microseconds: @escaping @Sendable () -> Int64) {
        self.name = name
        self.microseconds = microseconds
    }

    private var now: Int64 { microseconds() / 1000 }

    /// One transition; afterwards whoever waits learns of new work.
    private func change<T: Sendable>(_ body: (inout MemoryStore) throws(JobsError) -> T) throws(JobsError) -> T {
        let (result, waiter): (Result<T, JobsError>, CheckedContinuation<Bool, Never>?) = state.withLock { state in
            let result: Result<T, JobsError>
            do throws(JobsError) { result = .success(try body(&state.store)) } catch { result = .failure(error) }
            guard state.store.hasToken, let waiter = state.waiters.popFirst() else { return (result, nil) }
            state.store.hasToken = false
            return (result, waiter.continuation)
        }
        waiter?.resume(returning: true)
        return try result.get()
    }

    // MARK: JobQueue

    @discardableResult
    public func enqueue(_ requests: [JobRequest]) async throws(JobsError) -> [EnqueueResult] {
        var results: [EnqueueResult] = []
        for start in stride(from: 0, to: requests.count, by: RedisJobQueue.batchLimit) {
            let now = now
            results += try change { store throws(JobsError) in
                try store.enqueue(requests[start...].prefix(RedisJobQueue.batchLimit), at: now)
            }
        }
        return results
    }

    public func snapshot() async throws(JobsError) -> QueueSnapshot {
        let now = now
        return try change { $0.snapshot(at: now) }
    }

    public func check(limit: Int) async throws(JobsError) -> [String] { try change { $0.check() } }

    public func dead(after cursor: DeadCursor?, limit: Int) async throws(JobsError) -> [DeadJob] {
        try change { $0.dead(after: cursor, limit: limit) }
    }

    @discardableResult
    public func replay(_ ids: [String]) async throws(JobsError) -> Int {
        let now = now
        return try change { $0.replay(ids, at: now) }
    }

    @discardableResult
    public func drop(_ ids: [String]) async throws(JobsError) -> Int { try change { $0.drop(ids) } }

    @discardableResult
    public func cancel(_ ids: [String]) async throws(JobsError) -> [CancelResult] { try change { $0.cancel(ids) } }

    @discardableResult
    public func pause(_ scope: PauseScope) async throws(JobsError) -> Bool {
        try scope.validate()
        return try change { $0.pause(scope) }
    }

    @discardableResult
    public func resume(_ scope: PauseScope) async throws(JobsError) -> Bool {
        try scope.validate()
        let now = now
        return try change { $0.resume(scope, at: now) }
    }

    public func limit(_ limit: QueueLimit, to value: Int?) async throws(JobsError) {
        try limit.validate(value)
        try change { $0.limit(limit, to: value) }
    }

    // MARK: WorkQueue

    package func cycle(
        _ acknowledgements: [Acknowledgement], want: Int, direct: Int, lease: Duration
    ) async throws(JobsError) -> CycleReply {
        let micros = microseconds()
        return try change { $0.cycle(acknowledgements, want: want, direct: direct, lease: lease, micros: micros) }
    }

    package func fail(_ failures: [Failure]) async throws(JobsError) -> [Int] {
        let now = now
        return try change { $0.fail(failures, at: now) }
    }

    package func beat(started: [[UInt8]], waiting: [[UInt8]], lease: Duration) async throws(JobsError) -> BeatReply {
        let expiry = now + lease.milliseconds
        return try change { $0.beat(started: started, waiting: waiting, until: expiry) }
    }

    package func reap(limit: Int, poisonAfter crashes: Int) async throws(JobsError) -> ReapReply {
        let now = now
        return try change { $0.reap(limit: limit, poisonAfter: crashes, at: now) }
    }

    @discardableResult
    package func release(_ members: [[UInt8]]) async throws(JobsError) -> Int { try change { $0.release(members) } }

    package func unpark(kind: String, type: String) async throws(JobsError) {
        let now = now
        try change { $0.unpark(kind, type: type, at: now) }
    }

    /// Nothing is kept apart here.
    package func body(of id: String) async throws(JobsError) -> [UInt8]? { nil }

    package func tick(_ job: ScheduledJob, _ plan: SchedulePlan?) async throws(JobsError) -> TickReply {
        let now = now
        return try change { store throws(JobsError) in try store.tick(job, plan, at: now) }
    }

    package func awaitWork(for limit: Duration) async throws(JobsError) -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.token() }
            group.addTask {
                try? await Task.sleep(for: limit)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            // A token that came at the very end is not lost.
            return await group.next() == true || first
        }
    }

    private func token() async -> Bool {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        defer { state.withLock { _ = $0.cancelled.remove(id) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if state.cancelled.contains(id) { return false }
                    if state.store.hasToken {
                        state.store.hasToken = false
                        return true
                    }
                    state.waiters.append((id, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil as CheckedContinuation<Bool, Never>?
                }
                return state.waiters.remove(at: index).continuation
            }
            waiter?.resume(returning: false)
        }
    }

    package func passOnToken() async throws(JobsError) { try change { $0.wake() } }
}
