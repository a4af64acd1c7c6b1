public import Files
public import Jobs
public import Logging
import Platform

/// Tells the queue about files that need a worker.
///
/// Failure is only counted and logged: the row is the outbox, and Reconcile finds it.
public struct FileDispatcher: Sendable {
    private let jobs: FileJobs
    private let logger: Logger
    private let full = FullQueue()

    public init(jobs: FileJobs, logger: Logger) {
        self.jobs = jobs
        self.logger = logger
    }

    /// Whether the queue refused work for want of room within the last seconds. What was accepted then waits for Reconcile; what is
    /// new should wait with its client.
    public func isQueueFull() -> Bool { full.isFull() }

    /// Enqueues what each file's state asks for.
    public func announce(_ files: [FileRecord]) async {
        do {
            _ = try await jobs.enqueue(files.map(FileJobs.Work.init))
            full.clear()
        } catch {
            if error.code == .full { full.note() }
            logger.warning("jobs not enqueued; reconcile will", metadata: .init([.count: "\(files.count)", .error: "\(error)"]))
        }
    }
}

extension FileJobs.Work {
    /// What the file's state asks for.
    init(_ file: FileRecord) {
        self.init(
            file: file.id, key: file.key, tenant: file.owner.description, area: file.area,
            kind: file.state == .deleting ? .delete : .transfer)
    }
}
