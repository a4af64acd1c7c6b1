import Cryptography
public import NIOCore
import Platform
import Synchronization

/// The bytes of one upload while they arrive. Memory stays the same however long the upload is.
///
/// For one task at a time. After an error, and after anything else that ends the upload early, call `discard()`.
public final class StagedUpload: Sendable {
    private struct State {
        var count: Int64 = 0
        var chunk = Chunk()
        var pipeline: UploadPipeline?
        var isOpen = true
        /// Until the upload has ended.
        var share: BufferBudget.Share?

        mutating func end() {
            isOpen = false
            share = nil
        }
    }

    private let area: StagingArea
    private let limit: Int64
    private let state: Mutex<State>

    init(area: StagingArea, limit: Int64) {
        self.area = area
        self.limit = limit
        state = Mutex(State(share: area.buffers.join()))
    }

    /// The bytes taken so far.
    public var count: Int64 { state.withLock { $0.count } }

    /// Takes the next bytes. Waits when the disk is slower than the peer.
    ///
    /// - Throws: `.tooLarge` when the limit is exceeded, `.stagingFull`, `.storage`.
    public func write(_ bytes: ByteBuffer) async throws(FilesError) {
        let full = try state.withLock { state throws(FilesError) -> Chunk? in
            guard state.isOpen else { throw FilesError(.misuse, "the upload has ended") }
            let (count, overflow) = state.count.addingReportingOverflow(Int64(bytes.readableBytes))
            guard !overflow, count <= limit else { throw FilesError(.tooLarge, "more than \(limit) bytes") }
            state.count = count
            state.chunk.append(bytes)
            return take(&state, beyond: area.buffers.pieceSize)
        }
        if let full { try await pipeline().submit(full) }
    }

    /// Ends the upload: afterwards its digest is known and, unless it is small, it is durable.
    public func finish() async throws(FilesError) -> ReceivedFile {
        let (count, rest, inline) = try state.withLock { state throws(FilesError) in
            guard state.isOpen else { throw FilesError(.misuse, "the upload has ended") }
            let isSmall = state.pipeline == nil && state.count <= Int64(area.configuration.inlineLimit)
            let rest = state.chunk
            state.chunk = Chunk()
            let inline = isSmall ? area.inlineBudget.hold(rest) : nil
            if inline != nil { state.end() }
            return (state.count, rest, inline)
        }
        if let inline {
            // At most 64 µs of hashing: less than it would cost to move it to another thread.
            var hasher = SHA256Hasher()
            for buffer in rest.buffers { buffer.withUnsafeReadableBytes { hasher.update($0) } }
            let digest = hasher.finish()
            return ReceivedFile(id: FileID(), size: count, sha256: digest, content: .memory(inline))
        }
        let pipeline = try await pipeline()
        if !rest.isEmpty { try await pipeline.submit(rest) }
        let digest = try await pipeline.finish()
        state.withLock { state in
            state.end()
            state.pipeline = nil
        }
        return ReceivedFile(id: FileID(), size: count, sha256: digest, content: .incoming(pipeline.file))
    }

    /// Ends the upload and removes what has arrived. Does nothing after `finish()` has succeeded.
    public func discard() async {
        let pipeline = state.withLock { state in
            defer { state.pipeline = nil }
            state.end()
            state.chunk = Chunk()
            return state.pipeline
        }
        guard let pipeline else { return }
        // Shielded: this is most often called because the caller has been cancelled.
        await Task { await pipeline.discard() }.value
    }

    private func take(_ state: inout State, beyond size: Int) -> Chunk? {
        // Not at the size itself: that much may be all there is, and small enough to stay in memory.
        guard state.chunk.count > size else { return nil }
        return state.chunk.takeBlocks(from: state.count - Int64(state.chunk.count))
    }

    private func pipeline() async throws(FilesError) -> UploadPipeline {
        if let pipeline = state.withLock({ $0.pipeline }) { return pipeline }
        let pipeline = UploadPipeline(file: try await area.makeFile(), pool: area.pool, syncPool: area.syncPool)
        state.withLock { $0.pipeline = pipeline }
        return pipeline
    }
}
