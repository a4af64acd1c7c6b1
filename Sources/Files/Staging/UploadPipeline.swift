import Cryptography
import NIOCore
import Platform
import Synchronization

/// Hashes and writes the chunks of one long upload on the blocking pool, while more is being received.
///
/// Hashing and writing are two lanes, so that on two cores neither waits for the other and a write that the disk holds up
/// does not stop the hashing. Each lane works in order. At most two chunks are in flight: a third makes the caller wait,
/// which is the back-pressure for the peer. A third lane makes durable what has been written while more comes, so that the last
/// sync, which the peer waits for, finds little left.
final class UploadPipeline: Sendable {
    private typealias Work = Task<Void, any Error>

    private struct State {
        var offset: Int64 = 0
        var hashing: Work?
        var writing: Work?
        var syncing: Work?
        /// How many bytes have gone through the page cache and not been handed to `syncing`, and whether that still runs.
        var cached: Int64 = 0
        var isSyncing = false
        var inFlight: [(hashing: Work, writing: Work)] = []
    }

    /// Written ranges are handed to the disk in steps of this many bytes: large enough for long extents, small enough for the
    /// disk to be busy from the beginning, so that the sync at the end finds little left.
    private static let writebackStep: Int64 = 8 << 20
    /// What has been written through the page cache is made durable when it is at least this many bytes: each sync costs a commit of
    /// the journal. Of what went past the cache only the disk's own cache is left, and emptying that holds up the writes behind it.
    private static let syncStep: Int64 = 16 << 20

    let file: IncomingFile
    private let pool: BlockingPool
    private let syncPool: BlockingPool
    private let hasher = Mutex<SHA256Hasher?>(SHA256Hasher())
    private let state = Mutex(State())

    /// - Parameter syncPool: for the syncs on the way, of which none may keep a thread of `pool` from others.
    init(file: IncomingFile, pool: BlockingPool, syncPool: BlockingPool) {
        self.file = file
        self.pool = pool
        self.syncPool = syncPool
    }

    /// Takes the next chunk. Waits while two are in flight.
    ///
    /// - Throws: what has gone wrong with an earlier chunk; then nothing more will be written.
    func submit(_ chunk: Chunk) async throws(FilesError) {
        let oldest = state.withLock { $0.inFlight.count >= 2 ? $0.inFlight.removeFirst() : nil }
        do {
            if let oldest {
                try await oldest.hashing.value
                try await oldest.writing.value
            }
        } catch {
            throw FilesError(error)
        }
        state.withLock { state in
            let offset = state.offset
            state.offset += Int64(chunk.count)
            let hashing = enqueue(after: state.hashing) { [self] () throws(FilesError) in hash(chunk) }
            let writing = enqueue(after: state.writing) { [self] () throws(FilesError) in try write(chunk, at: offset) }
            state.hashing = hashing
            state.writing = writing
            state.inFlight.append((hashing, writing))
        }
    }

    /// Waits for everything to be hashed and durable.
    func finish() async throws(FilesError) -> SHA256Digest {
        let (hashing, writing) = state.withLock { ($0.hashing, $0.writing) }
        do {
            try await writing?.value
            // A failure of the disk is told once: what this sync was told, the last one may not be told again.
            try await state.withLock({ $0.syncing })?.value
            try await pool.run { [file] in try file.sync() }
            try await hashing?.value
        } catch {
            throw FilesError(error)
        }
        return hasher.withLock { hasher in
            guard let finished = hasher.take() else { preconditionFailure("an upload is finished once") }
            return finished.finish()
        }
    }

    /// Waits until nothing runs any more and removes the file.
    func discard() async {
        let (hashing, writing) = state.withLock { ($0.hashing, $0.writing) }
        _ = await hashing?.result
        _ = await writing?.result
        _ = await state.withLock({ $0.syncing })?.result
        // If the pool has ended, letting go of the file removes it.
        _ = try? await pool.run { [file] in file.remove() }
    }

    /// A bridge from the pool to the caller that comes back later: the work goes on while the next bytes are received, and
    /// is awaited by the next `submit`, `finish` or `discard`. It does not inherit the caller's cancellation, since a file
    /// must not be closed while it is written.
    private func enqueue(after previous: Work?, _ body: @escaping @Sendable () throws(FilesError) -> Void) -> Work {
        Task { [pool] in
            try await previous?.value
            try await pool.run(body)
        }
    }

    /// Begins to sync what has been written. Like `enqueue`, awaited by `finish` or `discard`.
    private func syncIfDue(_ state: inout State) {
        guard !state.isSyncing, state.cached >= Self.syncStep else { return }
        state.isSyncing = true
        state.cached = 0
        state.syncing = Task { [self, previous = state.syncing] in
            defer { self.state.withLock { $0.isSyncing = false } }
            try await previous?.value
            try await syncPool.run { [file] in try file.syncWritten() }
        }
    }

    private func hash(_ chunk: Chunk) {
        hasher.withLock { hasher in
            for buffer in chunk.buffers { buffer.withUnsafeReadableBytes { hasher?.update($0) } }
        }
    }

    private func write(_ chunk: Chunk, at offset: Int64) throws(FilesError) {
        guard try file.write(chunk, at: offset) == .throughCache else { return }
        let (from, to) = (offset / Self.writebackStep, (offset + Int64(chunk.count)) / Self.writebackStep)
        if to > from { file.startWriteback(from: from * Self.writebackStep, count: (to - from) * Self.writebackStep) }
        state.withLock { state in
            state.cached += Int64(chunk.count)
            syncIfDue(&state)
        }
    }
}
