public import Files
public import Jobs

/// Brings rows and jobs together again.
///
/// Ids of jobs are made from ids of files, so a job that exists is not doubled, and everything here may be done twice.
public struct FileRelay: Sendable {
    /// Rows marked in one transaction and then given their jobs.
    private static let group = 50

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

    /// Takes up transfers again that were given up: the rows first, then at once their jobs. Whatever happens between the two, such as
    /// a Reconcile that finds a job still dead, can only make the file `failed` again; that is looked for in the end.
    ///
    /// - Returns: the files that are going to be transferred now, or have been: those that had failed.
    public func retry(_ rows: [FileRecord]) async throws -> [FileRecord] {
        var retried: [FileRecord] = []
        var rest = rows[...]
        while !rest.isEmpty {
            retried += try await retryTogether(Array(rest.prefix(Self.group)))
            rest = rest.dropFirst(Self.group)
        }
        var taken: [FileRecord] = []
        for row in retried where try await files.load(row.id).map({ $0.state != .failed }) ?? false { taken.append(row) }
        return taken
    }

    private func retryTogether(_ rows: [FileRecord]) async throws -> [FileRecord] {
        let marked = try await withThrowingTaskGroup(of: FileID?.self) { group in
            for row in rows { group.addTask { try await files.markRetried(row.id) ? row.id : nil } }
            return try await group.reduce(into: Set<FileID>()) { if let id = $1 { $0.insert(id) } }
        }
        let retried = rows.filter { marked.contains($0.id) }
        let work = retried.map(FileJobs.Work.init)
        try await jobs.replay(work)
        _ = try await jobs.enqueue(work)
        return retried
    }
}
