import Glibc
import Jobs
import Logging
import Platform
import Redis
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

/// What handlers did, for tests to wait for.
final class Record<Event: Sendable>: Sendable {
    private struct State {
        var events: [Event] = []
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    func add(_ event: Event) {
        let ready = state.withLock { state in
            state.events.append(event)
            let ready = state.waiters.filter { $0.count <= state.events.count }
            state.waiters.removeAll { $0.count <= state.events.count }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    var events: [Event] { state.withLock { $0.events } }

    /// Waits until there are `count` events; the test's time limit is the deadline.
    @discardableResult
    func wait(for count: Int) async -> [Event] {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.events.count >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
        return events
    }
}

/// Holds handlers until it is opened.
final class Gate: Sendable {
    private let opened = Record<Void>()

    func open() { opened.add(()) }
    func pass() async { await opened.wait(for: 1) }
}

/// Checks again every few milliseconds, for what a server does in its own time.
func expectEventually(
    _ limit: Duration = .seconds(10), _ condition: () async throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let deadline = ContinuousClock.now + limit.stretched
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("did not come true within \(limit)", sourceLocation: sourceLocation)
}

/// Runs a worker for the length of `body`, then shuts it down gracefully.
func withWorker(
    _ queue: RedisJobQueue, concurrency: Int = 4, lease: Duration = .seconds(15).stretched, drain: Duration = .seconds(5).stretched,
    longestWait: Duration = .seconds(30), schedules: [ScheduledJob] = [], logger: Logger? = nil,
    _ handler: @escaping @Sendable (Note, JobContext) async throws -> JobOutcome,
    _ body: @Sendable (JobWorker, ServiceGroup) async throws -> Void
) async throws {
    var registry = JobRegistry()
    registry.register(Note.self, handler)
    try await withWorker(
        queue, concurrency: concurrency, lease: lease, drain: drain, longestWait: longestWait, schedules: schedules, registry: registry,
        logger: logger, body)
}

/// The same with handlers of one's own.
func withWorker(
    _ queue: RedisJobQueue, concurrency: Int = 4, lease: Duration = .seconds(15).stretched, drain: Duration = .seconds(5).stretched,
    longestWait: Duration = .seconds(30), schedules: [ScheduledJob] = [], registry: JobRegistry, logger: Logger? = nil,
    _ body: @Sendable (JobWorker, ServiceGroup) async throws -> Void
) async throws {
    var standard = Logger(label: "worker")
    standard.logLevel = getenv("SLUICE_TEST_VERBOSE") == nil ? .critical : .debug
    let logger = logger ?? standard
    var options = QueueOptions(queue.name, concurrency: concurrency)
    options.leaseDuration = lease
    options.longestWait = longestWait
    let worker = try JobWorker(
        client: queue.client, queues: [options], registry: registry, schedules: schedules, drainTimeout: drain, logger: logger)
    let group = ServiceGroup(services: [worker], logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        try await body(worker, group)
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}

extension RedisJobQueue {
    var isEmpty: Bool {
        get async throws {
            let snapshot = try await snapshot()
            return snapshot.ready + snapshot.delayed + snapshot.inFlight + snapshot.parked == 0
        }
    }
}
