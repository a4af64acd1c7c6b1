import Cryptography
import Files
import NIOCore
import Platform
import Synchronization

/// Compares a body with the digests that came with it, while it arrives.
///
/// What is long is hashed on the pool, a piece at a time, while the next one is received; a body that is no longer than a piece
/// costs no thread.
final class BodyDigests: Sendable {
    private static let pieceSize = 128 << 10

    private final class Lane: Sendable {
        let member: DigestFields.Member
        let hasher: Mutex<DigestHasher?>

        init(_ member: DigestFields.Member) {
            self.member = member
            hasher = Mutex(DigestHasher(member.algorithm))
        }
    }

    private struct State {
        var chunk = Chunk()
        var hashing: Task<Void, any Error>?
        var isVerified = false
    }

    private let lanes: [Lane]
    private let pool: BlockingPool
    private let state = Mutex(State())

    /// - Parameter members: what the digests have to be; no algorithm twice.
    init(_ members: [DigestFields.Member], pool: BlockingPool) {
        lanes = members.map(Lane.init)
        self.pool = pool
    }

    /// Whether there is nothing to compare, or the body has come to its end and is what it should be.
    var isVerified: Bool { lanes.isEmpty || state.withLock { $0.isVerified } }

    /// Takes the next bytes. Waits while the piece before the last is being hashed.
    func take(_ bytes: ByteBuffer) async throws {
        let (full, before) = state.withLock { state in
            state.chunk.append(bytes)
            guard state.chunk.count >= Self.pieceSize else { return (nil as Chunk?, state.hashing) }
            defer { state.chunk = Chunk() }
            return (state.chunk, state.hashing)
        }
        guard let full else { return }
        try await before?.value
        // A bridge to the caller that comes back with the next piece, and awaited there or at the end of the body.
        let hashing = Task { [self, pool] in try await pool.run { self.hash(full) } }
        state.withLock { $0.hashing = hashing }
    }

    /// The body has ended.
    ///
    /// - Throws: `APIError.digestMismatch`.
    func verify() async throws {
        guard !lanes.isEmpty else { return }
        let (rest, hashing) = state.withLock { state in
            defer { state.chunk = Chunk() }
            return (state.chunk, state.hashing)
        }
        try await hashing?.value
        hash(rest)
        for lane in lanes {
            let digest = lane.hasher.withLock { hasher in hasher.take()?.finish() }
            guard digest == lane.member.digest else { throw APIError.digestMismatch(lane.member) }
        }
        state.withLock { $0.isVerified = true }
    }

    private func hash(_ chunk: Chunk) {
        for lane in lanes {
            lane.hasher.withLock { hasher in
                for buffer in chunk.buffers { buffer.withUnsafeReadableBytes { hasher?.update($0) } }
            }
        }
    }
}
