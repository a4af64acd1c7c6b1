package import Files
package import Jobs
package import Logging
import Platform

/// Tells the queue about files that need a worker.
///
/// Failure is only counted and logged: the row is the outbox, and Reconcile finds it.
package struct FileDispatcher: Sendable {
    private let jobs: FileJobs
    private let logger: Logger

    package init(jobs: FileJobs, logger: Logger) {
        self.jobs = jobs
        self.logger = logger
    }

    package func announce(_ files: [FileRecord]) async {
        do {
            _ = try await jobs.enqueue(files.map(FileJobs.Work.init))
        } catch {
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
