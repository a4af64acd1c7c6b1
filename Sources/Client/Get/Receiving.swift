import Cryptography
import Glibc
import Synchronization

/// Where the bytes of one file go, and how many have come.
final class Receiving: Sendable {
    private struct State: ~Copyable {
        var position: Int64 = 0
        var hasher: SHA256Hasher? = SHA256Hasher()
        var failure: Int32?
    }

    private let descriptor: Int32
    /// Whether what was written may be written anew; not so for a pipe.
    private let isFile: Bool
    private let state = Mutex(State())

    /// - Parameter descriptor: borrowed.
    init(_ descriptor: Int32, isFile: Bool) {
        self.descriptor = descriptor
        self.isFile = isFile
    }

    var position: Int64 { state.withLock { $0.position } }

    /// Why a piece could not be written.
    var failure: Int32? { state.withLock { $0.failure } }

    /// - Returns: false when it cannot be written.
    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        state.withLock { state in
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest)
                let count =
                    isFile
                    ? pwrite(descriptor, piece.baseAddress, piece.count, off_t(state.position))
                    : write(descriptor, piece.baseAddress, piece.count)
                guard count >= 0 else {
                    if errno == EINTR { continue }
                    state.failure = errno
                    return false
                }
                state.hasher?.update(UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
                state.position += Int64(count)
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    /// Goes on behind what an earlier run has left, up to `size` of it, which is read for its digest.
    ///
    /// - Returns: false when that cannot be read.
    func resume(to size: Int64) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while position < size {
            let start = position
            let count = pread(descriptor, &buffer, Int(min(Int64(buffer.count), size - start)), off_t(start))
            guard count > 0 else { return false }
            state.withLock { state in
                buffer.withUnsafeBytes { state.hasher?.update(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
                state.position += Int64(count)
            }
        }
        return true
    }

    /// - Returns: false for what cannot be taken back.
    func beginAgain() -> Bool {
        guard isFile, ftruncate(descriptor, 0) == 0 else { return false }
        state.withLock { state in
            state.position = 0
            state.hasher = SHA256Hasher()
        }
        return true
    }

    /// Of all that was taken; asked once for each beginning.
    func finish() -> SHA256Digest? {
        state.withLock { state in state.hasher.take()?.finish() }
    }
}
