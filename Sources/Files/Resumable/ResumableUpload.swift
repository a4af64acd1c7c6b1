import Cryptography
public import NIOCore
import Platform
import Synchronization

/// One request's right to add bytes to an upload, until it ends or somebody else takes it over.
///
/// For one task at a time. To be ended by exactly one of `settle` (and then `finish`), `cut`, `forget` and `kill`.
public final class ResumableUpload: Sendable {
    private struct State {
        var offset: Int64
        var chunk = Chunk()
        /// Nil once it has ended.
        var pipeline: AppendPipeline?
        /// The digest of all bytes, when they are there.
        var chain: SHA256Chain?
        /// Until the last piece is on the disk.
        var share: BufferBudget.Share?
    }

    /// The upload as it was at the beginning.
    public let record: UploadRecord
    private let hold: UploadHold
    private let store: UploadStore
    private let completion: UploadCompletion
    private let staging: StagingArea
    /// The most bytes it may have.
    private let limit: Int64
    private let isChecked: Bool
    private let state: Mutex<State>

    /// - Parameter record: the hold's, with the length if that came with the request.
    init(
        _ record: UploadRecord, hold: UploadHold, store: UploadStore, completion: UploadCompletion, staging: StagingArea, limit: Int64,
        isChecked: Bool
    ) {
        self.record = record
        self.hold = hold
        self.store = store
        self.completion = completion
        self.staging = staging
        self.limit = record.length ?? limit
        self.isChecked = isChecked
        let onDurable: AppendPipeline.OnDurable = { (offset, chain) async throws(FilesError) in
            // That all bytes are there is for the end of the request to say, when nothing speaks against it any more.
            guard offset != record.length else { return }
            _ = try await Self.note(UploadStore.Checkpoint(fence: record.fence, offset: offset, chain: chain), store)
        }
        let pipeline = AppendPipeline(
            file: hold.file, offset: record.offset, chain: record.chain, pool: staging.pool, syncPool: staging.syncPool,
            onDurable: isChecked ? nil : onDurable)
        state = Mutex(State(offset: record.offset, pipeline: pipeline, share: staging.buffers.join()))
    }

    /// Whether somebody else has taken the upload over: nothing that is written now counts.
    public var isLost: Bool { hold.claim.isLost }

    /// The bytes taken so far, those of earlier requests included; not all of them are durable.
    public var count: Int64 { state.withLock { $0.offset } }

    /// Takes the next bytes. Waits when the disk or the database is slower than the peer.
    ///
    /// - Throws: `.tooLarge`: more than the upload's length, or than a file may have; `.superseded`, `.stagingFull`, `.storage`,
    ///   `.database`. Then `cut` or `kill`.
    public func write(_ bytes: ByteBuffer) async throws(FilesError) {
        guard !isLost else { throw Self.lost }
        let (pipeline, full) = try state.withLock { state throws(FilesError) -> (AppendPipeline, Chunk?) in
            guard let pipeline = state.pipeline else { throw Self.over }
            let (count, overflow) = state.offset.addingReportingOverflow(Int64(bytes.readableBytes))
            guard !overflow, count <= limit else { throw FilesError(.tooLarge, "more than \(limit) bytes") }
            state.offset = count
            state.chunk.append(bytes)
            if state.chunk.count >= staging.buffers.pieceSize {
                return (pipeline, state.chunk.takeBlocks(from: count - Int64(state.chunk.count)))
            }
            guard pipeline.isDue, !state.chunk.isEmpty else { return (pipeline, nil) }
            defer { state.chunk = Chunk() }
            return (pipeline, state.chunk)
        }
        if let full { try await pipeline.submit(full) }
    }

    /// Ends the request: all bytes are durable and acknowledged.
    ///
    /// - Returns: the upload from then on. When it is `.finishing`, `finish` or `kill` has to follow; else this has left it.
    /// - Throws: `.superseded`, `.stagingFull`, `.storage`, `.database`: what was acknowledged before stays.
    public func settle() async throws(FilesError) -> UploadRecord {
        try await Self.shielded { [self] () async throws(FilesError) -> UploadRecord in
            do throws(FilesError) {
                let record = try await acknowledge()
                if record.state != .finishing { await leave() }
                return record
            } catch {
                await leave()
                throw error
            }
        }
    }

    /// Makes the file, after `settle` has said that all bytes are there.
    ///
    /// - Throws: `.digestMismatch`, `.quotaExceeded`: the upload is dead; whatever else: the bytes stay, and `UploadFinisher` goes
    ///   on with them.
    public func finish() async throws(FilesError) -> FileRecord {
        try await Self.shielded { [self] () async throws(FilesError) -> FileRecord in
            let result: Result<FileRecord, FilesError>
            do throws(FilesError) {
                guard let chain = state.withLock({ $0.chain }) else { throw Self.over }
                result = .success(try await completion.finish(hold, chain))
            } catch {
                result = .failure(error)
            }
            await leave()
            return try result.get()
        }
    }

    /// Ends the request without its end: acknowledges what has come, where that can be, and leaves.
    ///
    /// - Returns: bytes that are durable, as far as this knows.
    @discardableResult
    public func cut() async -> Int64 {
        await Task { [self] in
            let record = isChecked ? nil : try? await acknowledge()
            await leave()
            return record?.offset ?? self.record.offset
        }.value
    }

    /// Ends the request as if it had not been.
    public func forget() async {
        await Task { [self] in await leave() }.value
    }

    /// Gives the upload up for good.
    ///
    /// - Parameter failure: the kind of problem that it is answered with from now on.
    public func kill(_ failure: String) async {
        await Task { [self] in
            await drain()
            await completion.kill(hold, failure)
            await leave()
        }.value
    }

    /// Syncs, and notes what is durable if the row does not say it already.
    private func acknowledge() async throws(FilesError) -> UploadRecord {
        let (pipeline, rest) = try state.withLock { state throws(FilesError) -> (AppendPipeline, Chunk) in
            guard let pipeline = state.pipeline else { throw Self.over }
            defer { state.chunk = Chunk() }
            return (pipeline, state.chunk)
        }
        if !rest.isEmpty { try await pipeline.submit(rest) }
        let (offset, chain) = try await pipeline.finish()
        var record = record
        record.offset = offset
        if record.state == .open && (offset > self.record.offset || offset == record.length) {
            let now = try await Self.note(UploadStore.Checkpoint(fence: record.fence, offset: offset, chain: chain), store)
            (record.state, record.expiresAt) = (now.state, now.expiresAt)
        }
        state.withLock { $0.chain = chain }
        return record
    }

    /// A database that is away for a moment keeps nobody from sending; one that stays away does.
    private static func note(_ checkpoint: UploadStore.Checkpoint, _ store: UploadStore) async throws(FilesError)
        -> UploadStore.Standing
    {
        let deadline = ContinuousClock.now + .seconds(5)
        var backoff = Backoff(base: .milliseconds(50), cap: .seconds(1))
        while true {
            do throws(FilesError) {
                guard let standing = try await store.checkpoint(checkpoint) else { throw lost }
                return standing
            } catch {
                guard error.code == .database, ContinuousClock.now < deadline else { throw error }
            }
            try? await Task.sleep(for: backoff.next())
        }
    }

    private func drain() async {
        let pipeline = state.withLock { state in
            defer { state.pipeline = nil }
            state.chunk = Chunk()
            state.share = nil
            return state.pipeline
        }
        await pipeline?.drain()
    }

    private func leave() async {
        await drain()
        await hold.release()
    }

    /// The caller's cancellation comes too late for what its peer has been promised.
    private static func shielded<T: Sendable>(
        _ body: @escaping @Sendable () async throws(FilesError) -> T
    ) async throws(FilesError) -> T {
        do {
            return try await Task { try await body() }.value
        } catch {
            throw FilesError(error)
        }
    }

    private static let lost = FilesError(.superseded, "another request has taken the upload over")
    private static let over = FilesError(.misuse, "the request has ended its use of the upload")
}
