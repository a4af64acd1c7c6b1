public import Logging
public import Platform
public import Postgres
public import Redis
public import ServiceLifecycle

/// Uploads that go on where they stopped, over any number of requests, connections and processes.
///
/// An acknowledged byte is durable, and a row says so. Two writers never mix: the newer one ends the older (see `UploadHolds`).
public final class ResumableUploads: Sendable, Service {
    /// The answer to store with an upload that has this id.
    public typealias Reply = @Sendable (UploadID) -> ReplyCompletion?

    private let store: UploadStore
    private let claims: UploadClaims
    private let holds: UploadHolds
    private let completion: UploadCompletion
    private let joiner: UploadJoiner
    private let finisher: UploadFinisher
    private let staging: StagingArea
    private let configuration: ResumableConfiguration

    /// - Precondition: the staging area has been prepared.
    public init(
        pool: PostgresPool, redis: RedisClient, staging: StagingArea, intake: FileIntake,
        configuration: ResumableConfiguration = ResumableConfiguration(), logger: Logger
    ) {
        store = UploadStore(pool: pool, area: staging.areaID ?? "", intake: intake, configuration: configuration)
        claims = UploadClaims(redis: redis, store: store, logger: logger)
        holds = UploadHolds(store: store, claims: claims, staging: staging, logger: logger)
        completion = UploadCompletion(
            store: store, staging: staging, intake: intake, inspection: configuration.inspection, lifetime: configuration.lifetime,
            logger: logger)
        joiner = UploadJoiner(holds: holds, completion: completion)
        finisher = UploadFinisher(joiner: joiner, logger: logger)
        self.staging = staging
        self.configuration = configuration
    }

    /// Works until graceful shutdown; whatever uses it has to end before, and the intake after.
    public func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [store] in await store.run() }
            await cancelWhenGracefulShutdown { [claims, finisher] in
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await claims.run() }
                    group.addTask { await finisher.run() }
                }
            }
        }
    }

    /// Creates an upload.
    ///
    /// - Parameter reply: the answer that is stored with it.
    /// - Throws: `.tooManyUploads`, `.tooLarge`, `.superseded`, `.database`.
    public func create(_ draft: UploadDraft, reply: ReplyCompletion? = nil) async throws(FilesError) -> UploadRecord {
        try check(length: draft.length)
        return try await store.create(draft, reply: reply)
    }

    /// Creates an upload that is complete: its whole body has come with it. Row and file are there together, or neither is.
    ///
    /// - Parameters:
    ///   - file: received as any other; nothing of it remains when this throws, but for `.unknownOutcome`.
    ///   - lease: the room that was promised to it.
    ///   - reply: the answer that is stored with it.
    /// - Throws: `.digestMismatch`, and what `FileIntake.accept` throws.
    /// - Precondition: the draft is of a whole file.
    public func create(
        _ draft: UploadDraft, with file: ReceivedFile, lease: QuotaLease? = nil, reply: ReplyCompletion? = nil
    ) async throws(FilesError) -> FileRecord {
        try await completion.accept(file, of: draft, lease: lease, reply: reply)
    }

    /// Looks at an upload, and disturbs nobody.
    ///
    /// - Throws: `.uploadNotFound`, also when it is somebody else's; `.uploadExpired`; `.uploadElsewhere`; `.database`.
    public func find(owner: UserID, id: UploadID) async throws(FilesError) -> UploadRecord {
        try await store.find(owner: owner, id: id)
    }

    /// Tells where an upload goes on. Whoever writes to it is ended first, so that the answer stays true. A part that waits for others
    /// is given its time again.
    ///
    /// - Throws: as `find`, and `.uploadBusy`.
    public func head(owner: UserID, id: UploadID) async throws(FilesError) -> UploadRecord {
        let record = try await store.find(owner: owner, id: id)
        if record.waitsForOthers {
            if let renewed = try await store.renew(record) { return renewed }
            // It has time enough, or something has become of it.
            return try await store.find(owner: owner, id: id)
        }
        guard record.state == .open || record.state == .finishing else { return record }
        do throws(FilesError) {
            let hold = try await holds.look(record)
            await hold.release()
            return hold.record
        } catch {
            guard error.code == .uploadEnded else { throw error }
            return try await store.find(owner: owner, id: id)
        }
    }

    /// Takes the right to write to an upload, from whoever has it.
    ///
    /// - Parameters:
    ///   - offset: where the client goes on.
    ///   - length: of all of it, if the client tells that now.
    ///   - isChecked: whether nothing is acknowledged before `settle`, because the bytes have yet to be checked.
    ///   - onEnd: runs at most once, from anywhere, also before this has returned: somebody else has taken the upload over.
    /// - Throws: as `find`; `.uploadEnded`: look with `find` what became of it; `.uploadBusy`; `.superseded`; `.wrongOffset`, which
    ///   tells the right one; `.wrongLength`; `.tooLarge`; `.storage`.
    public func open(
        owner: UserID, id: UploadID, at offset: Int64, length: Int64? = nil, isChecked: Bool = false,
        onEnd: @escaping @Sendable () -> Void
    ) async throws(FilesError) -> ResumableUpload {
        let hold = try await holds.hold(try await store.find(owner: owner, id: id), onEnd: onEnd)
        do throws(FilesError) {
            guard offset == hold.record.offset else { throw .wrongOffset(hold.record.offset) }
            return ResumableUpload(
                try await record(of: hold, length: length), hold: hold, store: store, completion: completion, staging: staging,
                limit: configuration.maximumSize, isChecked: isChecked)
        } catch {
            await hold.release()
            throw error
        }
    }

    private func record(of hold: UploadHold, length: Int64?) async throws(FilesError) -> UploadRecord {
        var record = hold.record
        guard let length else { return record }
        guard record.length ?? length == length, length >= record.offset else {
            throw FilesError(.wrongLength, "the upload has another length")
        }
        if record.length == nil {
            try check(length: length)
            guard let state = try await store.setLength(length, record.fence) else {
                throw FilesError(.superseded, "another request has taken the upload over")
            }
            record.length = length
            record.state = state
        }
        return record
    }

    /// Forgets an upload and removes its bytes. One that has become a file stays, so that it can be asked for until the file is deleted;
    /// then `forget` follows.
    ///
    /// - Returns: what it was, or is.
    /// - Throws: as `find`; `.uploadEnded`: a part that is used up; `.uploadBusy`, `.superseded`.
    public func terminate(owner: UserID, id: UploadID) async throws(FilesError) -> UploadRecord {
        let record = try await store.find(owner: owner, id: id)
        guard record.joinedInto == nil else { throw FilesError(.uploadEnded, "the part belongs to another upload") }
        guard record.file == nil else { return record }
        guard record.state != .dead else {
            guard try await store.remove(record) else { throw FilesError(.uploadNotFound, "there is no such upload") }
            return record
        }
        let hold: UploadHold
        do throws(FilesError) {
            hold = try await holds.hold(record, in: [.open, .finishing, .joining, .complete])
        } catch {
            // Given up by whoever wrote to it, while this waited.
            let now = try await store.find(owner: owner, id: id)
            guard error.code == .uploadEnded, now.state == .dead, try await store.remove(now) else { throw error }
            return now
        }
        do throws(FilesError) {
            if hold.record.file == nil {
                guard try await store.remove(hold.record) else { throw FilesError(.uploadEnded, "the upload has another fate") }
            }
        } catch {
            await hold.release()
            throw error
        }
        await hold.removeFile()
        await hold.release()
        return hold.record
    }

    /// Forgets an upload that `terminate` has left because of its file.
    ///
    /// - Throws: `.database`.
    public func forget(_ record: UploadRecord) async throws(FilesError) {
        // Where it is not there any more, somebody else has ended it too.
        _ = try await store.remove(record)
    }

    /// Makes one upload of parts that are complete.
    ///
    /// - Parameter reply: the answer that is stored with it, by the id that the upload has.
    /// - Returns: complete, when that took a moment; else `.joining`, and it goes on by itself. The one that is there already when
    ///   the same parts were joined before.
    /// - Throws: `.partsUnusable`, `.partsUnfinished`, `.tooLarge`, `.quotaExceeded`, `.refused`, `.stagingFull`, `.superseded`,
    ///   `.database`: the parts are as they were; `.partsUnusable` also for parts that were joined before and not under this digest.
    ///   `.digestMismatch`: it is dead, and so are its parts.
    public func join(
        _ draft: UploadDraft, parts: [UploadID], reply: @escaping Reply = { _ in nil }
    ) async throws(FilesError) -> UploadRecord {
        try await JoinInspection(store: store, staging: staging, inspection: configuration.inspection).look(at: draft, parts)
        let record = try await UploadJoining(store: store, configuration: configuration).create(draft, parts, reply)
        guard record.state == .joining || record.state == .finishing else { return record }
        guard record.length ?? 0 <= UploadJoiner.moment else { return record }
        do throws(FilesError) {
            try await joiner.finish(record)
        } catch {
            // Whatever else could refuse it has been asked. What fails now is tried again by the finisher.
            if error.code == .digestMismatch { throw error }
        }
        return try await store.find(owner: draft.owner, id: record.id)
    }

    private func check(length: Int64?) throws(FilesError) {
        guard length ?? 0 <= configuration.maximumSize else { throw FilesError(.tooLarge, "more than \(configuration.maximumSize) bytes") }
    }
}
