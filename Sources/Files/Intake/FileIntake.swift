public import Platform
public import Postgres
public import ServiceLifecycle

/// Accepts received files: after `accept` has returned, the bytes are durable and a committed row says so.
///
/// Concurrent calls share the work (group commit): one visit to the disk, one sync of the directory, one INSERT and one
/// announcement for all that wait. A few batches are under way at a time, so that disk and database work at once.
public final class FileIntake: Sendable, Service {
    /// Files of one batch, unless a single group has more.
    private static let batchFiles = 64

    /// The answers that `accept(_:)` stores.
    public let replies: ReplyStore
    /// The quota of owners who have none of their own, and who is told of what they take.
    let limits: QuotaLimits
    let quotas: QuotaKeeper?
    private let batcher: Batcher<IntakeGroup, [FileRecord]>
    private let pace: IntakePace
    private let announcer: Announcer
    private let index: SearchIndexTender
    private let staging: StagingArea
    private let area: String

    /// - Parameters:
    ///   - limits: the quota of owners who have none of their own.
    ///   - quotas: is told what owners with a quota take, and has the same limits.
    ///   - burst: the longest that an announcement waits while more files are being accepted.
    ///   - announce: tells the queue about new files. It runs after the rows are committed and nobody waits for it: what it
    ///     fails to tell, or has no time to, is found by Reconcile, since the row is the outbox.
    /// - Precondition: the staging area has been prepared.
    public init(
        pool: PostgresPool, staging: StagingArea, limits: QuotaLimits = .none, quotas: QuotaKeeper? = nil,
        burst: Duration = .zero, announce: @escaping @Sendable ([FileRecord]) async -> Void
    ) {
        let announcer = Announcer(patience: burst, announce: announce)
        let index = SearchIndexTender(pool: pool)
        replies = ReplyStore(pool: pool)
        self.announcer = announcer
        self.index = index
        self.staging = staging
        self.limits = limits
        self.quotas = quotas
        area = staging.areaID ?? ""
        let pace = IntakePace()
        self.pace = pace
        batcher = Batcher(maximumItems: Self.batchFiles, maximumInFlight: 2, weight: \.members.count, lane: { $0.owner }) { batch in
            let outcomes = await pace.measure {
                await IntakeBatch(pool: pool, staging: staging, announcer: announcer, limits: limits, quotas: quotas).commit(batch)
            }
            index.added(batch.reduce(0) { $0 + $1.members.count })
            return outcomes
        }
    }

    /// How long a file that came now would wait until it is accepted.
    public var expectedWait: Duration {
        pace.wait(for: batcher.backlog / Self.batchFiles + 1)
    }

    /// How long the queue has kept an announcement waiting, once there are many of them.
    public var announcementDelay: Duration { announcer.delay }

    /// Works until graceful shutdown; then finishes what was submitted and announced.
    public func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [announcer] in await announcer.run() }
            await index.during { await batcher.run() }
            announcer.finish()
            await group.waitForAll()
        }
    }

    /// The row that a received file will have once it is accepted.
    ///
    /// - Parameter contentType: as the client claims it; what is no media type becomes `application/octet-stream`.
    public func member(_ file: ReceivedFile, owner: UserID, name: FileName, contentType: String) -> IntakeGroup.Member {
        IntakeGroup.Member(
            file: file,
            record: FileRecord(
                id: file.id, owner: owner, name: name.value, size: file.size, contentType: ContentType.clean(contentType),
                sha256: file.sha256, state: .staged, key: FileKey.make(owner: owner, id: file.id, name: name), area: area))
    }

    /// Makes a received file the owner's.
    ///
    /// - Throws: as `accept(_:)` does.
    public func accept(
        _ file: ReceivedFile, owner: UserID, name: FileName, contentType: String, lease: QuotaLease? = nil
    ) async throws(FilesError) -> FileRecord {
        try await accept(IntakeGroup([member(file, owner: owner, name: name, contentType: contentType)], lease: lease))[0]
    }

    /// Makes received files their owner's, all or none.
    ///
    /// - Returns: their rows, in the order of the group.
    /// - Throws: `.quotaExceeded`, `.superseded`, `.stagingFull`, `.storage`, `.database`, `.closed`: nothing of the files remains.
    ///   `.unknownOutcome`: they may have been accepted. Cancelling the caller does not withdraw them.
    public func accept(_ group: IntakeGroup) async throws(FilesError) -> [FileRecord] {
        announcer.expect()
        do {
            return try await batcher.submit(group)
        } catch {
            // What a batch could not accept it has removed; what reached none is still there.
            if error is BatcherClosed {
                announcer.settle(1, accepted: [])
                for member in group.members { await staging.discard(member.file) }
            }
            throw FilesError(error)
        }
    }
}
