import AsyncHTTPClient
import Cryptography
import NIOCore
import Synchronization

/// Content that no two files share and that needs no file to come from.
enum Noise {
    static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var words = [UInt64](repeating: 0, count: count / 8 + 1)
        for index in words.indices { words[index] = generator.next() }
        return words.withUnsafeBytes { Array($0.prefix(count)) }
    }

    /// A body of `count` MiB that is made while it is sent, and its digest, known when it has been sent.
    static func stream(mebibytes count: Int) -> (body: HTTPClientRequest.Body, digest: RunningDigest) {
        let digest = RunningDigest()
        let seed = bytes(1 << 20)
        let pieces = AsyncStream(unfolding: {
            () -> ByteBuffer? in
            guard digest.pieces < count else { return nil }
            var piece = seed
            withUnsafeBytes(of: UInt64(digest.pieces)) { piece.replaceSubrange(0..<8, with: $0) }
            digest.add(piece)
            return ByteBuffer(bytes: piece)
        })
        return (.stream(pieces, length: .known(Int64(count) << 20)), digest)
    }

    final class RunningDigest: Sendable {
        private struct State: ~Copyable {
            var hasher: SHA256Hasher? = SHA256Hasher()
            var pieces = 0
        }

        private let state = Mutex(State())

        var pieces: Int { state.withLock { $0.pieces } }

        func add(_ piece: [UInt8]) {
            state.withLock { state in
                piece.withUnsafeBytes { state.hasher?.update($0) }
                state.pieces += 1
            }
        }

        /// To be asked once, when everything has been sent.
        func finish() -> String? {
            state.withLock { state in state.hasher.take()?.finish().description }
        }
    }
}
