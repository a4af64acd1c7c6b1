import Cryptography
import Synchronization

/// The digest of a file, computed of its bytes as they are sent, in order and each once, however often they are sent.
final class SendingDigest: Sendable {
    private struct State: ~Copyable {
        var hasher: SHA256Hasher? = SHA256Hasher()
        var result: SHA256Digest?
        var position: Int64 = 0
    }

    private let state = Mutex(State())

    /// How many bytes were taken.
    var position: Int64 { state.withLock { $0.position } }

    /// Takes what is new in a piece that begins at `offset`.
    func take(_ bytes: UnsafeRawBufferPointer, at offset: Int64) {
        state.withLock { state in
            let known = state.position - offset
            guard known >= 0, known < bytes.count else { return }
            state.hasher?.update(UnsafeRawBufferPointer(rebasing: bytes[Int(known)...]))
            state.position = offset + Int64(bytes.count)
        }
    }

    /// Reads what has been passed over, up to `offset`: the bytes that an earlier run has sent.
    func catchUp(with file: LocalFile, to offset: Int64) throws(ClientFailure) {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let position = position
            guard position < offset else { return }
            let count = buffer.withUnsafeMutableBytes { space -> Int? in
                let wanted = UnsafeMutableRawBufferPointer(rebasing: space.prefix(Int(clamping: offset - position)))
                guard let count = file.read(into: wanted, at: position) else { return nil }
                take(UnsafeRawBufferPointer(rebasing: space[..<count]), at: position)
                return count
            }
            guard let count, count > 0 else { throw .local("cannot be read to its end") }
        }
    }

    /// Of all that was taken; takes nothing more.
    func finish() -> SHA256Digest? {
        state.withLock { state in
            if let hasher = state.hasher.take() { state.result = hasher.finish() }
            return state.result
        }
    }
}
