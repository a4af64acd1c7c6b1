import Cryptography
public import Platform
public import Postgres
public import ServiceLifecycle

/// Accepts received files: after `accept` has returned, the bytes are durable and a committed row says so.
///
/// Concurrent calls share the work (group commit): one visit to the disk, one sync of the directory, one INSERT and one
/// announcement for all that wait. A few batches are under way at a time, so that disk and database work at once.
public final class FileIntake: Sendable, Service {
    struct Submission: Sendable {
        let file: ReceivedFile
        let record: FileRecord
    }

    private let batcher: Batcher<Submission, FileRecord>
    private let announcer: Announcer
    private let index: SearchIndexTender
    private let staging: StagingArea
    private let area: String

    /// - Parameters:
    ///   - announce: tells the queue about new files. It runs after the rows are committed and nobody waits for it: what it
    ///     fails to tell, or has no time to, is found by Reconcile, since the row is the outbox.
    /// - Precondition: the staging area has been prepared.
    public init(pool: PostgresPool, staging: StagingArea, announce: @escaping @Sendable ([FileRecord]) async -> Void) {
        let announcer = Announcer(announce: announce)
        let index = SearchIndexTender(pool: pool)
        self.announcer = announcer
        self.index = index
        self.staging = staging
        area = staging.areaID ?? ""
        batcher = Batcher(maximumItems: 64, maximumInFlight: 2) { batch in
            let outcomes = await IntakeBatch(pool: pool, staging: staging, announcer: announcer).commit(batch)
            index.added(batch.count)
            return outcomes
        }
    }

    /// Works until graceful shutdown; then finishes what was submitted and announced.
    public func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [announcer] in await announcer.run() }
            await index.during { await batcher.run() }
            announcer.finish()
            await group.waitForAll()
        }
    }

    /// Makes a received file the owner's.
    ///
    /// - Parameter contentType: as the client claims it; what is no media type becomes `application/octet-stream`.
    /// - Throws: `.stagingFull`, `.storage`, `.database`, `.closed`: nothing of the file remains. `.unknownOutcome`: the
    ///   file may have been accepted. Cancelling the caller does not withdraw the file.
    public func accept(
        _ file: ReceivedFile, owner: UserID, name: FileName, contentType: String
    ) async throws(FilesError) -> FileRecord {
        let record = FileRecord(
            id: file.id, owner: owner, name: name.value, size: file.size, contentType: ContentType.clean(contentType), sha256: file.sha256,
            state: .staged, key: FileKey.make(owner: owner, id: file.id, name: name), area: area)
        do {
            return try await batcher.submit(Submission(file: file, record: record))
        } catch {
            // What a batch could not accept it has removed; what reached none is still there.
            if error is BatcherClosed { await staging.discard(file) }
            throw FilesError(error)
        }
    }
}
