import Glibc

/// The open directories of a staging area. Names are resolved against them, so replacing a path underneath cannot lead an
/// upload astray, and their descriptors serve to sync them.
final class StagingDirectories: Sendable {
    let incoming: Int32
    let ready: Int32
    let partial: Int32
    /// For writes to what lies in them.
    let buffers = DirectBuffers()

    /// Makes the directories where they are missing.
    init(root: String) throws(FilesError) {
        try Self.make(root)
        var opened: [Int32] = []
        do throws(FilesError) {
            for name in ["incoming", "ready", "partial"] { opened.append(try Self.open("\(root)/\(name)")) }
        } catch {
            for descriptor in opened { close(descriptor) }
            throw error
        }
        (incoming, ready, partial) = (opened[0], opened[1], opened[2])
    }

    deinit {
        close(incoming)
        close(ready)
        close(partial)
    }

    /// Makes new names in `ready` durable.
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
