import DequeModule
import Glibc
import Synchronization

/// A task executor with one operating-system thread and a timer of its own.
///
/// Work that runs on it goes on while every thread of the cooperative pool is blocked, and so do its waits:
/// `Task.sleep` would not, since its wake-up is a job of the pool.
public final class TimedThread: TaskExecutor, Sendable {
    private struct Sleeper {
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var jobs: Deque<UnownedJob> = []
        var sleepers: [UInt64: Sleeper] = [:]
        var cancelled: Set<UInt64> = []
        var nextSleeper: UInt64 = 0
        var isStopped = false
    }

    private let state = Mutex(State())
    /// A pipe: whatever is written interrupts the thread's pause.
    private let doorbell: (reader: Int32, writer: Int32)

    private init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "pipe: \(String(cString: strerror(errno)))")
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        doorbell = (ends[0], ends[1])
    }

    deinit {
        close(doorbell.reader)
        close(doorbell.writer)
    }

    /// Runs `body` on a thread that exists for so long. Everything that `body` calls and every child task prefers that
    /// thread, except what is isolated to an actor.
    ///
    /// - Parameter name: shown by `ps -L`; the kernel keeps the first 15 bytes.
    public static func run<T: Sendable>(name: String, _ body: @Sendable (TimedThread) async throws -> T) async rethrows -> T {
        let thread = TimedThread()
        NamedThread.start(name: name) { thread.loop() }
        defer { thread.stop() }
        return try await withTaskExecutorPreference(thread) { try await body(thread) }
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        ring()
    }

    /// Waits on this thread's own timer. Returns early when the task is cancelled.
    public func sleep(for duration: Duration) async {
        let deadline = ContinuousClock.now + duration
        let id = state.withLock { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
                    return false
                }
                if isCancelled { continuation.resume() } else { ring() }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.continuation.resume()
        }
        state.withLock { _ = $0.cancelled.remove(id) }
    }

    private func stop() {
        state.withLock { $0.isStopped = true }
        ring()
    }

    private func ring() {
        // A full pipe wakes the thread as well.
        withUnsafeBytes(of: UInt8(0)) { _ = write(doorbell.writer, $0.baseAddress, 1) }
    }

    private func loop() {
        let executor = asUnownedTaskExecutor()
        while true {
            let (job, due, wait, isStopped) = state.withLock { state in
                let now = ContinuousClock.now
                let due = state.sleepers.filter { $0.value.deadline <= now }
                for id in due.keys { state.sleepers[id] = nil }
                let next = state.sleepers.values.map(\.deadline).min()
                return (state.jobs.popFirst(), due.values.map(\.continuation), next.map { now.duration(to: $0) }, state.isStopped)
            }
            for continuation in due { continuation.resume() }
            if let job {
                job.runSynchronously(on: executor)
            } else if isStopped {
                return
            } else if due.isEmpty {
                pause(wait)
            }
        }
    }

    private func pause(_ wait: Duration?) {
        // Rounded up, so that a timer is due when the pause ends.
        let milliseconds = wait.map { Int32(clamping: max(0, $0.milliseconds)) }
        var descriptor = pollfd(fd: doorbell.reader, events: Int16(POLLIN), revents: 0)
        poll(&descriptor, 1, milliseconds ?? -1)
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { _ = read(doorbell.reader, $0.baseAddress, 256) }
    }
}
