import Files
import Jobs
import Logging
import Platform

/// Brings rows, jobs and bytes together again after anything was lost between them.
///
/// Rows that need a worker get their job again; ids of jobs are made from ids of files, so one that exists is not doubled. A
/// transfer found dead turns its row `failed`. Bytes and objects that belong to nothing are swept by `Sweeper`.
struct ReconcileHandler {
    /// Rows looked at in one step; each step is one query and one call to the queue.
    private static let page = 500
    /// Rows younger than this have just been announced by whoever wrote them.
    private static let grace: Duration = .seconds(5)

    let files: FileTransitions
    let jobs: FileJobs
    let sweeper: Sweeper
    let area: String

    func handle(_ job: Reconcile, _ context: JobContext) async throws -> JobOutcome {
        var position: FileID?
        var requeued = 0
        while true {
            let rows = try await files.outstanding(in: area, after: position, olderThan: Self.grace, limit: Self.page)
            guard let last = rows.last else { break }
            requeued += try await requeue(rows)
            position = last.id
            guard context.isCurrent() else { return .done }
        }
        if requeued > 0 { context.logger.notice("jobs made again from rows", metadata: .init([.count: "\(requeued)"])) }
        try await sweeper.sweepIfDue(context.logger)
        return .done
    }

    /// - Returns: how many jobs had been missing.
    private func requeue(_ rows: [FileRecord]) async throws -> Int {
        let results = try await jobs.enqueue(rows.map(FileJobs.Work.init))
        var missing = 0
        for (row, result) in zip(rows, results) {
            switch result {
            case .enqueued: missing += 1
            case .duplicate(.live): break
            case .duplicate(.dead) where row.state == .staged:
                try await files.markFailed(row.id, reason: "the transfer was given up")
            case .duplicate(.dead): break
            }
        }
        return missing
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
