import Glibc

/// The open directories of a staging area. Names are resolved against them, so replacing a path underneath cannot lead an
/// upload astray, and their descriptors serve to sync them.
final class StagingDirectories: Sendable {
    let incoming: Int32
    let ready: Int32

    /// Makes the directories where they are missing.
    init(root: String) throws(FilesError) {
        try Self.make(root)
        incoming = try Self.open(root + "/incoming")
        do throws(FilesError) {
            ready = try Self.open(root + "/ready")
        } catch {
            close(incoming)
            throw error
        }
    }

    deinit {
        close(incoming)
        close(ready)
    }

    /// Makes renames into `ready` durable.
    func syncReady() throws(FilesError) {
        guard fsync(ready) == 0 else { throw .system("fsync", errno) }
    }

    private static func open(_ path: String) throws(FilesError) -> Int32 {
        try make(path)
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw .system("open", errno) }
        return descriptor
    }

    private static func make(_ path: String) throws(FilesError) {
        guard mkdir(path, 0o750) == 0 || errno == EEXIST else { throw .system("mkdir", errno) }
    }
}
