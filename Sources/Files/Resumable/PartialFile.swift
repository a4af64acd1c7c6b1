import Glibc
import NIOCore
import Platform
import Synchronization

/// The bytes of one resumable upload below `partial/`, locked against all other processes and requests (flock(2)).
///
/// The kernel gives the lock up when the file is closed, so none outlives its process. All methods block. An instance that is let
/// go of closes its file, which stays where it is.
final class PartialFile: Sendable {
    /// What came of an attempt to lock a file.
    enum Lock {
        case held(PartialFile)
        /// Somebody else has it.
        case busy
        /// There is none.
        case absent
    }

    private let directories: StagingDirectories
    private let name: String
    private let descriptor: Int32
    private let writer: ChunkWriter
    /// Whether the directory's entry is durable.
    private let isEntered: Atomic<Bool>

    /// Opens and locks the file.
    ///
    /// - Parameter isMaking: whether a file that is not there is made.
    static func lock(_ id: UploadID, in directories: StagingDirectories, isMaking: Bool = true) throws(FilesError) -> Lock {
        while true {
            guard let file = try open(id, in: directories, flags: O_RDWR | (isMaking ? O_CREAT : 0)) else { return .absent }
            while flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
                if errno == EINTR { continue }
                guard errno == EWOULDBLOCK else { throw .system("flock", errno) }
                return .busy
            }
            // Whoever had it before may have removed it.
            if try file.isSame(as: id, in: directories) { return .held(file) }
        }
    }

    /// Opens the file of a part that is complete, which nobody writes any more.
    ///
    /// - Returns: nil when it is not there.
    static func read(_ id: UploadID, in directories: StagingDirectories) throws(FilesError) -> PartialFile? {
        try open(id, in: directories, flags: O_RDONLY)
    }

    private static func open(_ id: UploadID, in directories: StagingDirectories, flags: Int32) throws(FilesError) -> PartialFile? {
        let descriptor = openat(directories.partial, id.description, flags | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw .system("open", errno) }
            return nil
        }
        return PartialFile(descriptor: descriptor, name: id.description, directories: directories)
    }

    private init(descriptor: Int32, name: String, directories: StagingDirectories) {
        self.descriptor = descriptor
        writer = ChunkWriter(descriptor, buffers: directories.buffers)
        self.name = name
        self.directories = directories
        isEntered = Atomic(false)
    }

    deinit {
        // A child that has just been forked has the file open as well, until it becomes another program.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// In bytes, those included that are not durable or mean nothing.
    func size() throws(FilesError) -> Int64 {
        Int64(try status().st_size)
    }

    func write(_ chunk: Chunk, at offset: Int64) throws(FilesError) {
        try writer.write(chunk, at: offset)
    }

    /// Reads up to `count` bytes.
    ///
    /// - Returns: none at the end.
    func read(at offset: Int64, upTo count: Int) throws(FilesError) -> ByteBuffer {
        var buffer = ByteBuffer()
        while true {
            var failure: Int32 = 0
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                let result = pread(descriptor, bytes.baseAddress, count, off_t(offset))
                if result < 0 { failure = errno }
                return max(0, result)
            }
            if failure == 0 { return buffer }
            guard failure == EINTR else { throw .system("read", failure) }
        }
    }

    /// Makes durable what has been written so far.
    func syncWritten() throws(FilesError) {
        guard fdatasync(descriptor) == 0 else { throw .system("fdatasync", errno) }
        guard !isEntered.load(ordering: .relaxed) else { return }
        guard fsync(directories.partial) == 0 else { throw .system("fsync", errno) }
        isEntered.store(true, ordering: .relaxed)
    }

    /// Gives the bytes a second name below `ready/`, whole and durable but for the name, and without those that mean nothing.
    func link(as file: FileID, size: Int64) throws(FilesError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw .system("ftruncate", errno) }
        // The sweep goes by this time, and the row is not there yet.
        guard futimens(descriptor, nil) == 0 else { throw .system("futimens", errno) }
        guard fsync(descriptor) == 0 else { throw .system("fsync", errno) }
        guard linkat(directories.partial, name, directories.ready, file.description, 0) == 0 else { throw .system("link", errno) }
    }

    /// Lets others have the file. It must not be written after this.
    func unlock() {
        flock(descriptor, LOCK_UN)
    }

    /// Removes the file from `partial/`. There is nobody to tell of a failure; the sweep looks again.
    func remove() {
        unlinkat(directories.partial, name, 0)
    }

    /// Removes the file of an upload of which nobody needs it.
    static func remove(_ id: UploadID, in directories: StagingDirectories) {
        unlinkat(directories.partial, id.description, 0)
    }

    /// Gives the file of a part a second name, that of the whole. One that has the name already keeps it.
    static func adopt(_ part: UploadID, as whole: UploadID, in directories: StagingDirectories) throws(FilesError) {
        guard linkat(directories.partial, part.description, directories.partial, whole.description, 0) == 0 else {
            guard errno == EEXIST || errno == ENOENT else { throw .system("link", errno) }
            return
        }
    }

    /// Whether this is the file that has the name of an upload now.
    func isSame(as id: UploadID, in directories: StagingDirectories) throws(FilesError) -> Bool {
        var status = stat()
        guard fstatat(directories.partial, id.description, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            guard errno == ENOENT else { throw .system("stat", errno) }
            return false
        }
        let own = try self.status()
        return status.st_ino == own.st_ino && status.st_dev == own.st_dev
    }

    private func status() throws(FilesError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("stat", errno) }
        return status
    }
}
