import Glibc
import Platform

/// The directory below `incoming/` in which one process receives, locked for as long as the process lives (flock(2)).
///
/// So whose uploads nobody will finish is known at once and for certain, however long a living upload takes: they lie in a
/// directory that is not locked.
final class ReceivingDirectory: Sendable {
    private static let lockName = "lock"

    let descriptor: Int32
    private let incoming: StagingDirectories
    private let name: String
    private let lock: Int32

    /// Makes and locks a directory. Blocks.
    init(in directories: StagingDirectories) throws(FilesError) {
        incoming = directories
        while true {
            let name = UUIDv7().description
            guard mkdirat(directories.incoming, name, 0o750) == 0 else { throw .system("mkdir", errno) }
            if let (descriptor, lock) = try Self.claim(name, in: directories) {
                self.name = name
                self.descriptor = descriptor
                self.lock = lock
                return
            }
        }
    }

    deinit {
        // What is left in it is swept.
        unlinkat(descriptor, Self.lockName, 0)
        unlinkat(incoming.incoming, name, AT_REMOVEDIR)
        close(descriptor)
        close(lock)
    }

    /// Removes the directory and what is in it, if no process lives that receives there.
    ///
    /// - Parameter isOld: whether the directory is older than the moment between its making and its locking can last.
    /// - Returns: how many uploads were removed.
    static func sweep(_ name: String, isOld: Bool, in directories: StagingDirectories) throws(FilesError) -> Int {
        let descriptor = openat(directories.incoming, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        let lock = openat(descriptor, lockName, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard lock >= 0 || isOld else { return 0 }
        defer { if lock >= 0 { close(lock) } }
        if lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) != 0 { return 0 }
        let reader = try DirectoryReader(descriptor: descriptor)
        var removed = 0
        while true {
            let page = try reader.next(500)
            if page.isEmpty { break }
            removed += page.count { unlinkat(descriptor, $0.name, 0) == 0 }
        }
        unlinkat(descriptor, lockName, 0)
        unlinkat(directories.incoming, name, AT_REMOVEDIR)
        return removed
    }

    /// - Returns: nil when a sweep came between.
    private static func claim(_ name: String, in directories: StagingDirectories) throws(FilesError) -> (descriptor: Int32, lock: Int32)? {
        let descriptor = openat(directories.incoming, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw .system("open", errno) }
            return nil
        }
        let lock = openat(descriptor, lockName, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o640)
        let failure = errno
        var status = stat()
        if lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0 && fstat(lock, &status) == 0 && status.st_nlink > 0 {
            return (descriptor, lock)
        }
        if lock >= 0 { close(lock) }
        close(descriptor)
        guard lock >= 0 || failure == ENOENT else { throw .system("open", failure) }
        return nil
    }
}
