package import Files
package import Jobs
import Logging
import Platform

/// Brings rows, jobs and bytes together again after anything was lost between them.
///
/// Rows that need a worker get their job again; ids of jobs are made from ids of files, so one that exists is not doubled. A
/// transfer found dead turns its row `failed`. Staged bytes that belong to nothing are swept by `Sweeper`.
package struct ReconcileHandler: Sendable {
    /// Rows looked at in one step; each step is one query and one call to the queue.
    private static let page = 500
    /// Rows younger than this have just been announced by whoever wrote them.
    private static let grace: Duration = .seconds(5)
    /// Until the next try when the database or the queue does not answer.
    private static let pause: Duration = .seconds(5)

    private let files: FileTransitions
    private let jobs: FileJobs
    private let sweeper: Sweeper
    private let area: String

    package init(files: FileTransitions, jobs: FileJobs, sweeper: Sweeper, area: String) {
        self.files = files
        self.jobs = jobs
        self.sweeper = sweeper
        self.area = area
    }

    /// A failure puts the job off and spends nothing: a dead job for every tick of an outage would say no more than the first.
    package func handle(_ job: Reconcile, _ context: JobContext) async -> JobOutcome {
        do {
            let requeued = try await requeueAll(context)
            if requeued > 0 { context.logger.notice("jobs made again from rows", metadata: .init([.count: "\(requeued)"])) }
        } catch {
            context.logger.warning("rows and jobs not compared", metadata: .init([.error: "\(error)"]))
            return .later(after: Self.pause, reason: "\(error)")
        }
        await sweeper.sweepIfDue(context.logger)
        return .done
    }

    /// - Returns: how many jobs had been missing.
    private func requeueAll(_ context: JobContext) async throws -> Int {
        var position: FileID?
        var requeued = 0
        while context.isCurrent() {
            let rows = try await files.outstanding(in: area, after: position, olderThan: Self.grace, limit: Self.page)
            guard let last = rows.last else { break }
            requeued += try await requeue(rows)
            position = last.id
        }
        return requeued
    }

    private func requeue(_ rows: [FileRecord]) async throws -> Int {
        let results = try await jobs.enqueue(rows.map(FileJobs.Work.init))
        let dead = zip(rows, results).filter { $0.1 == .duplicate(.dead) }.map(\.0)
        for row in dead where row.state == .staged { try await files.markFailed(row.id, reason: "the transfer was given up") }
        // Nobody sees a file that is being deleted, so nobody would ask for another try.
        try await jobs.replay(dead.filter { $0.state == .deleting }.map(FileJobs.Work.init))
        return results.count { $0 == .enqueued }
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
