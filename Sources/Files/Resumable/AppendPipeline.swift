import Cryptography
import NIOCore
import Platform
import Synchronization

/// Hashes, writes and makes durable the chunks of one resumable upload on the blocking pools, while more is being received.
///
/// As in `UploadPipeline` hashing and writing are two lanes, at most two chunks are in flight, and a third lane syncs. Here the
/// third has more to say: what it has synced is noted as durable, together with the digest up to there, so that the upload can
/// go on from that place. Whoever is two steps ahead of it waits.
final class AppendPipeline: Sendable {
    /// Notes that all bytes up to an offset are durable.
    typealias OnDurable = @Sendable (_ offset: Int64, _ chain: SHA256Chain) async throws(FilesError) -> Void

    private struct State {
        var offset: Int64
        var hashing: Task<SHA256Chain, any Error>
        var writing: Task<Void, any Error>?
        var syncing: Task<Void, any Error>?
        /// Up to where `syncing` reaches, when it began, and whether it still runs.
        var syncOffset: Int64
        var syncTime = ContinuousClock.now
        var isSyncing = false
        var inFlight: [(hashing: Task<SHA256Chain, any Error>, writing: Task<Void, any Error>)] = []
    }

    /// New bytes that are made durable together.
    private static let step: Int64 = 8 << 20
    /// The same for a peer that is slow.
    private static let interval: Duration = .seconds(1)

    private let file: PartialFile
    private let pool: BlockingPool
    private let syncPool: BlockingPool
    private let onDurable: OnDurable?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - offset: where to begin.
    ///   - chain: the digest up to there.
    ///   - syncPool: for the syncs on the way, of which none may keep a thread of `pool` from others.
    ///   - onDurable: nil when nothing may be noted before the end.
    init(
        file: PartialFile, offset: Int64, chain: SHA256Chain, pool: BlockingPool, syncPool: BlockingPool, onDurable: OnDurable?
    ) {
        self.file = file
        self.pool = pool
        self.syncPool = syncPool
        self.onDurable = onDurable
        state = Mutex(State(offset: offset, hashing: Task { chain }, syncOffset: offset))
    }

    /// Whether what has come should be submitted, however little it is.
    var isDue: Bool {
        onDurable != nil && state.withLock { !$0.isSyncing && ContinuousClock.now - $0.syncTime >= Self.interval }
    }

    /// Takes the next chunk. Waits while two are in flight, and for the disk and the database when they are far behind.
    ///
    /// - Throws: what has gone wrong with an earlier chunk, or with noting it; then nothing more will be written.
    func submit(_ chunk: Chunk) async throws(FilesError) {
        let (oldest, behind) = state.withLock { state in
            let oldest = state.inFlight.count >= 2 ? state.inFlight.removeFirst() : nil
            let isFar = !state.isSyncing || state.offset - state.syncOffset >= Self.step
            return (oldest, isFar ? state.syncing : nil)
        }
        do {
            if let oldest {
                _ = try await oldest.hashing.value
                try await oldest.writing.value
            }
            try await behind?.value
        } catch {
            throw FilesError(error)
        }
        state.withLock { state in
            let offset = state.offset
            state.offset += Int64(chunk.count)
            state.hashing = hash(chunk, after: state.hashing)
            let writing = write(chunk, at: offset, after: state.writing)
            state.writing = writing
            state.inFlight.append((state.hashing, writing))
            syncIfDue(&state)
        }
    }

    /// Waits for everything to be hashed and durable. The end is the caller's to note.
    func finish() async throws(FilesError) -> (offset: Int64, chain: SHA256Chain) {
        let (offset, hashing, writing, syncing) = state.withLock { ($0.offset, $0.hashing, $0.writing, $0.syncing) }
        do {
            try await writing?.value
            // A failure of the disk is told once: what this sync was told, the last one may not be told again.
            try await syncing?.value
            if writing != nil { try await pool.run { [file] in try file.syncWritten() } }
            return (offset, try await hashing.value)
        } catch {
            throw FilesError(error)
        }
    }

    /// Waits until nothing touches the file any more.
    func drain() async {
        let (hashing, writing, syncing) = state.withLock { ($0.hashing, $0.writing, $0.syncing) }
        _ = await hashing.result
        _ = await writing?.result
        _ = await syncing?.result
    }

    // Bridges from the pools to the caller that comes back later, as in `UploadPipeline`: they do not inherit the caller's
    // cancellation, since the file must not be given up while it is written.

    private func hash(_ chunk: Chunk, after previous: Task<SHA256Chain, any Error>) -> Task<SHA256Chain, any Error> {
        Task { [pool] in
            let before = try await previous.value
            return try await pool.run {
                var chain = before
                for buffer in chunk.buffers { buffer.withUnsafeReadableBytes { chain.update($0) } }
                return chain
            }
        }
    }

    private func write(_ chunk: Chunk, at offset: Int64, after previous: Task<Void, any Error>?) -> Task<Void, any Error> {
        Task { [pool, file] in
            try await previous?.value
            try await pool.run { try file.write(chunk, at: offset) }
        }
    }

    /// Begins to make durable what is on its way to the disk by now.
    private func syncIfDue(_ state: inout State) {
        guard let onDurable, !state.isSyncing else { return }
        let now = ContinuousClock.now
        guard state.offset - state.syncOffset >= Self.step || now - state.syncTime >= Self.interval else { return }
        state.isSyncing = true
        state.syncTime = now
        state.syncOffset = state.offset
        state.syncing = Task { [self, offset = state.offset, hashing = state.hashing, writing = state.writing, previous = state.syncing] in
            defer { self.state.withLock { $0.isSyncing = false } }
            try await previous?.value
            try await writing?.value
            try await syncPool.run { [file] in try file.syncWritten() }
            try await onDurable(offset, try await hashing.value)
        }
    }
}
