import Glibc
public import NIOCore
public import Platform

/// The bytes of an accepted file that are still in staging, open for reading.
///
/// They stay readable when a worker removes the file meanwhile, because an open descriptor keeps them.
public final class StagedFile: Sendable {
    private let descriptor: Int32
    private let pool: BlockingPool

    init(path: String, pool: BlockingPool) throws(FilesError) {
        descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw .system("open", errno) }
        self.pool = pool
    }

    deinit {
        close(descriptor)
    }

    /// Reads at `offset`.
    ///
    /// - Parameter count: at least 1.
    /// - Returns: 1 to `count` bytes.
    /// - Throws: `.storage` when the file ends there.
    public func read(at offset: Int64, upTo count: Int) async throws(FilesError) -> ByteBuffer {
        do {
            return try await pool.run { [self] in
                var buffer = ByteBuffer()
                let result = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                    max(0, pread(descriptor, bytes.baseAddress, count, off_t(offset)))
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
    public func open(_ id: FileID) async throws(FilesError) -> StagedFile? {
        let path = path(of: id)
        do {
            return try await pool.run { [pool] in
                guard access(path, F_OK) == 0 else { return nil }
                return try StagedFile(path: path, pool: pool)
            }
        } catch {
            throw FilesError(error)
        }
    }
}
