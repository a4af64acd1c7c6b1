import Glibc
import NIOCore
import Synchronization

/// Writes chunks to a file, each at a place that the caller names (pwrite(2)).
///
/// Large ones of whole blocks go past the page cache (open(2), `O_DIRECT`): through it every byte is copied once more, takes the memory
/// of other files, and is on its way to the disk still when the peer waits for the end. Where a file system cannot do that, and for all
/// that is small or does not begin and end with a block, it is an ordinary write.
final class ChunkWriter: Sendable {
    /// How a chunk has been written.
    enum Way {
        case throughCache, pastCache
    }

    private enum Direct {
        case untried, impossible
        case open(Int32)
    }

    /// Below this the disk has more to do with the number of writes than with the copies.
    private static let smallest = 512 << 10

    /// O_DIRECT in the kernel's `asm/fcntl.h`; Swift's module of the C library lacks it.
    #if arch(arm64)
        private static let pastTheCache: Int32 = 0o200000
    #else
        private static let pastTheCache: Int32 = 0o40000
    #endif

    private let descriptor: Int32
    private let buffers: DirectBuffers
    private let direct = Mutex(Direct.untried)

    /// - Parameter descriptor: stays the caller's, and open for as long as this is used.
    init(_ descriptor: Int32, buffers: DirectBuffers) {
        self.descriptor = descriptor
        self.buffers = buffers
    }

    deinit {
        if case .open(let descriptor) = direct.withLock({ $0 }) { close(descriptor) }
    }

    /// Writes the whole chunk at `offset`. Blocks; one at a time.
    @discardableResult
    func write(_ chunk: Chunk, at offset: Int64) throws(FilesError) -> Way {
        if writeDirectly(chunk, at: offset) { return .pastCache }
        var position = offset
        for buffer in chunk.buffers {
            let failure = buffer.withUnsafeReadableBytes { Self.write($0, to: descriptor, at: position) }
            if failure != 0 { throw .system("write", failure) }
            position += Int64(buffer.readableBytes)
        }
        return .throughCache
    }

    /// - Returns: false when it cannot be done, or has not been done wholly: an ordinary write tells why.
    private func writeDirectly(_ chunk: Chunk, at offset: Int64) -> Bool {
        let isWhole = offset % Int64(DirectBuffers.block) == 0 && chunk.count % DirectBuffers.block == 0
        guard isWhole, chunk.count >= Self.smallest, let descriptor = directDescriptor() else { return false }
        let failure = buffers.withBuffer { Self.write(chunk, to: descriptor, at: offset, through: $0) }
        if failure == EINVAL { giveUpDirect() }
        return failure == 0
    }

    /// - Returns: 0, or an errno.
    private static func write(
        _ chunk: Chunk, to descriptor: Int32, at offset: Int64, through space: UnsafeMutableRawBufferPointer
    ) -> Int32 {
        var (position, filled) = (offset, 0)
        for buffer in chunk.buffers {
            let failure = buffer.withUnsafeReadableBytes { bytes -> Int32 in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let some = rest.prefix(space.count - filled)
                    UnsafeMutableRawBufferPointer(rebasing: space[filled...]).copyMemory(from: UnsafeRawBufferPointer(rebasing: some))
                    (filled, rest) = (filled + some.count, rest.dropFirst(some.count))
                    guard filled == space.count else { continue }
                    let failure = write(UnsafeRawBufferPointer(space), to: descriptor, at: position)
                    if failure != 0 { return failure }
                    (position, filled) = (position + Int64(filled), 0)
                }
                return 0
            }
            if failure != 0 { return failure }
        }
        return write(UnsafeRawBufferPointer(rebasing: space[..<filled]), to: descriptor, at: position)
    }

    private func directDescriptor() -> Int32? {
        direct.withLock { direct in
            if case .untried = direct {
                let opened = open("/proc/self/fd/\(descriptor)", O_WRONLY | Self.pastTheCache | O_CLOEXEC)
                direct = opened >= 0 ? .open(opened) : .impossible
            }
            if case .open(let descriptor) = direct { return descriptor }
            return nil
        }
    }

    private func giveUpDirect() {
        direct.withLock { direct in
            if case .open(let descriptor) = direct { close(descriptor) }
            direct = .impossible
        }
    }

    /// - Returns: 0, or an errno.
    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int64) -> Int32 {
        guard let start = bytes.baseAddress else { return 0 }
        var done = 0
        while done < bytes.count {
            let count = pwrite(descriptor, start + done, bytes.count - done, off_t(offset) + off_t(done))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? errno : EIO }
            done += count
        }
        return 0
    }
}
