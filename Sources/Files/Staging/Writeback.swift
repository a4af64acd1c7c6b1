import Glibc

/// Asks the kernel to begin writing a file's pages to the disk (sync_file_range(2)).
///
/// Swift's module of the C library is compiled without GNU extensions and lacks this function, so it is looked up by name.
/// It is a hint only: a C library without it makes syncing slower, not less safe.
enum Writeback {
    private typealias SyncFileRange = @convention(c) (Int32, Int64, Int64, UInt32) -> Int32

    private static let function: SyncFileRange? = dlsym(nil, "sync_file_range").map { unsafeBitCast($0, to: SyncFileRange.self) }

    /// SYNC_FILE_RANGE_WRITE in the kernel's `linux/fs.h`.
    private static let write: UInt32 = 2

    /// - Parameter count: 0 means up to the end of the file.
    static func start(_ descriptor: Int32, from offset: Int64, count: Int64) {
        _ = function?(descriptor, offset, count, write)
    }
}
