import Glibc

/// What Linux can do with a range of a file.
///
/// Swift's module of the C library is compiled without GNU extensions and lacks these functions, so they are looked up by name.
enum FileRange {
    private typealias SyncFileRange = @convention(c) (Int32, Int64, Int64, UInt32) -> Int32
    private typealias Fallocate = @convention(c) (Int32, Int32, Int64, Int64) -> Int32

    private static let syncFileRange = dlsym(nil, "sync_file_range").map { unsafeBitCast($0, to: SyncFileRange.self) }
    private static let fallocate = dlsym(nil, "fallocate").map { unsafeBitCast($0, to: Fallocate.self) }

    /// SYNC_FILE_RANGE_WRITE in the kernel's `linux/fs.h`.
    private static let write: UInt32 = 2
    /// FALLOC_FL_KEEP_SIZE and FALLOC_FL_PUNCH_HOLE in the kernel's `linux/falloc.h`.
    private static let punchHole: Int32 = 1 | 2

    /// Asks the kernel to begin writing the range to the disk (sync_file_range(2)), without waiting. A hint only: without it
    /// syncing is slower, not less safe.
    static func startWriteback(_ descriptor: Int32, from offset: Int64, count: Int64) {
        _ = syncFileRange?(descriptor, offset, count, write)
    }

    /// Frees the range, which then reads as zeros (fallocate(2)). Where the file system cannot, zeros are written over it.
    ///
    /// - Returns: false with the reason in `errno`.
    static func cutOut(_ descriptor: Int32, from offset: Int64, count: Int64) -> Bool {
        if let fallocate {
            if fallocate(descriptor, punchHole, offset, count) == 0 { return true }
            guard errno == EOPNOTSUPP || errno == ENOSYS else { return false }
        }
        let zeros = [UInt8](repeating: 0, count: Int(min(count, 64 << 10)))
        var position = offset
        while position < offset + count {
            let written = pwrite(descriptor, zeros, min(zeros.count, Int(offset + count - position)), off_t(position))
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { return false }
            position += Int64(written)
        }
        return true
    }
}
