public import Files
public import Jobs

/// Brings rows and jobs together again.
///
/// Ids of jobs are made from ids of files, so a job that exists is not doubled, and everything here may be done twice.
public struct FileRelay: Sendable {
    private let files: FileTransitions
    private let jobs: FileJobs

    public init(files: FileTransitions, jobs: FileJobs) {
        self.files = files
        self.jobs = jobs
    }

    /// Gives rows that need a worker their jobs again. A transfer found dead turns its row `failed`.
    ///
    /// - Parameter rows: staged or deleting.
    /// - Returns: how many jobs had been missing.
    public func requeue(_ rows: [FileRecord]) async throws -> Int {
        let results = try await jobs.enqueue(rows.map(FileJobs.Work.init))
        let dead = zip(rows, results).filter { $0.1 == .duplicate(.dead) }.map(\.0)
        for row in dead where row.state == .staged { try await files.markFailed(row.id, reason: "the transfer was given up") }
        // Nobody sees a file that is being deleted, so nobody would ask for another try.
        try await jobs.replay(dead.filter { $0.state == .deleting }.map(FileJobs.Work.init))
        return results.count { $0 == .enqueued }
    }

    /// Takes up transfers again that were given up: the rows first, then the jobs. Should this end between the two, Reconcile finds
    /// the jobs still dead and the files `failed` as they were.
    ///
    /// - Returns: the files that are going to be transferred now: those that had failed.
    public func retry(_ rows: [FileRecord]) async throws -> [FileRecord] {
        var retried: [FileRecord] = []
        for row in rows where try await files.markRetried(row.id) { retried.append(row) }
        let work = retried.map(FileJobs.Work.init)
        try await jobs.replay(work)
        _ = try await jobs.enqueue(work)
        return retried
    }
}
