import Glibc
public import NIOCore
import Platform
import Synchronization

/// The bytes of an accepted file that are still in staging, open for reading.
///
/// They stay readable when a worker removes their container meanwhile, because an open descriptor keeps it. In a container that is
/// shared with other files they may be erased, and read as zeros then: `load` them and look whether the file is still there.
public final class StagedFile: Sendable {
    private let descriptor: Int32
    /// Where the file begins in what the descriptor reads.
    private let start: Int64
    private let pool: BlockingPool
    /// Whether the container holds other files as well.
    public let isShared: Bool
    private let loaded = Mutex<ByteBuffer?>(nil)

    fileprivate init(descriptor: Int32, start: Int64, isShared: Bool, pool: BlockingPool) {
        self.isShared = isShared
        self.descriptor = descriptor
        self.start = start
        self.pool = pool
    }

    deinit {
        close(descriptor)
    }

    /// Reads the whole file into memory: files that share a container are small.
    public func load(_ size: Int64) async throws(FilesError) {
        var content = ByteBuffer()
        while Int64(content.readableBytes) < size {
            var piece = try await read(at: Int64(content.readableBytes), upTo: Int(size) - content.readableBytes)
            content.writeBuffer(&piece)
        }
        loaded.withLock { $0 = content }
    }

    /// Reads at `offset`. Where the file ends is its record's to say.
    ///
    /// - Parameter count: at least 1, and within the file.
    /// - Returns: 1 to `count` bytes.
    /// - Throws: `.storage` when the file ends there.
    public func read(at offset: Int64, upTo count: Int) async throws(FilesError) -> ByteBuffer {
        if let piece = loaded.withLock({ $0?.getSlice(at: Int(offset), length: count) }) { return piece }
        do {
            return try await pool.run { [self] in
                var buffer = ByteBuffer()
                let result = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                    max(0, pread(descriptor, bytes.baseAddress, count, off_t(start + offset)))
                }
                guard result > 0 else { throw FilesError(.storage, "a staged file is shorter than its record") }
                return buffer
            }
        } catch {
            throw FilesError(error)
        }
    }
}

extension StagingArea {
    /// Opens the bytes of an accepted file.
    ///
    /// - Returns: nil when they are not here any more.
    public func open(_ file: FileRecord) async throws(FilesError) -> StagedFile? {
        let path = path(of: file.place.container)
        do {
            return try await pool.run { [pool] in
                let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
                if descriptor < 0 && errno == ENOENT { return nil }
                guard descriptor >= 0 else { throw FilesError.system("open", errno) }
                return StagedFile(descriptor: descriptor, start: file.place.offset, isShared: file.place.container != file.id, pool: pool)
            }
        } catch {
            throw FilesError(error)
        }
    }
}
