import Glibc

/// A serial executor that owns one operating-system thread.
///
/// An actor that returns this executor from `unownedExecutor` runs every one of its jobs on that thread and nowhere
/// else, so a C handle confined to the actor is confined to the thread. The thread may block (in `poll`, in `fsync`)
/// without starving the cooperative pool.
///
/// `stop()` lets the jobs already queued finish and ends the thread. A job enqueued after that is run on a
/// short-lived thread of its own, so that an actor's late callers still resume; they must find the actor closed.
/// The thread keeps its executor alive, so one that is never stopped lives as long as the process.
public final class ExclusiveThread: SerialExecutor, Sendable {
    private let inbox: Inbox
    private let name: String

    /// - Parameter name: shown by `ps -L` and debuggers; the kernel keeps the first 15 bytes.
    public init(name: String) {
        self.name = name
        inbox = Inbox()
        start()
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        if inbox.push(UnownedJob(job)) { start() }
    }

    /// Ends the thread when its queue is empty. Does not wait for that.
    public func stop() {
        inbox.stop()
    }

    /// Traps when the caller is not on this executor's thread (SE-0424).
    public func checkIsolated() {
        precondition(isIsolatingCurrentContext() == true, "not on thread \(name)")
    }

    /// Whether the calling thread is this executor's thread (SE-0471).
    public func isIsolatingCurrentContext() -> Bool? {
        inbox.isOwner
    }

    private func start() {
        NamedThread.start(name: name) { [self] in
            inbox.adopt()
            let executor = asUnownedSerialExecutor()
            while let job = inbox.pop() {
                job.runSynchronously(on: executor)
            }
        }
    }
}

extension ExclusiveThread {
    /// The queue between the enqueuing threads and the owner.
    ///
    /// Unchecked because a condition variable needs C storage: every access to the mutable fields is between `lock`
    /// and `unlock` of `mutex`, and the C objects live as long as this instance.
    private final class Inbox: @unchecked Sendable {
        private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        private var jobs: [UnownedJob] = []
        private var running: ArraySlice<UnownedJob> = []
        private var owner: pthread_t = 0
        private var isStopping = false
        private var hasThread = true

        init() {
            pthread_mutex_init(mutex, nil)
            pthread_cond_init(condition, nil)
        }

        deinit {
            pthread_cond_destroy(condition)
            pthread_mutex_destroy(mutex)
            condition.deallocate()
            mutex.deallocate()
        }

        var isOwner: Bool {
            locked { pthread_equal(owner, pthread_self()) != 0 }
        }

        func adopt() {
            locked { owner = pthread_self() }
        }

        /// - Returns: whether the caller must start a thread, because the former one has ended.
        func push(_ job: UnownedJob) -> Bool {
            locked {
                jobs.append(job)
                pthread_cond_signal(condition)
                defer { hasThread = true }
                return !hasThread
            }
        }

        /// The next job; nil ends the thread. `running` is touched by the owner alone.
        func pop() -> UnownedJob? {
            if let next = running.popFirst() { return next }
            return locked {
                while jobs.isEmpty {
                    if isStopping {
                        hasThread = false
                        owner = 0
                        return nil
                    }
                    pthread_cond_wait(condition, mutex)
                }
                running = jobs[...]
                jobs = []
                return running.popFirst()
            }
        }

        func stop() {
            locked {
                isStopping = true
                pthread_cond_signal(condition)
            }
        }

        private func locked<T>(_ body: () -> T) -> T {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            return body()
        }
    }
}
