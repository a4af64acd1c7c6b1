import Glibc
import Platform

/// The file that tells one disk from every other that bears the same name, made with the staging area, or later in one that is older
/// than this file.
struct InstanceFile {
    private let root: String
    private let file: OnceFile

    /// - Parameter root: the directory of the area.
    init(root: String) {
        self.root = root
        file = OnceFile(path: root + "/instance")
    }

    /// - Returns: what is durable from then on, also where another process has just made it: after a power cut the disk must not be
    ///   another one than the database has been told of.
    func readOrMake() throws(FilesError) -> UUIDv7 {
        do throws(FilesError) {
            let found = if let found = try read() { found } else { try instance(in: file.make(UUIDv7().description)) }
            try sync()
            return found
        } catch {
            throw FilesError(error.code, "the file `instance` in the staging directory: \(error.message)")
        }
    }

    /// The id; nil when there is no file.
    func read() throws(FilesError) -> UUIDv7? {
        guard let line = try file.read() else { return nil }
        return try instance(in: line)
    }

    private func instance(in line: String) throws(FilesError) -> UUIDv7 {
        guard let instance = UUIDv7(line) else {
            throw FilesError(
                .storage, "it holds no id; bring back what `sluice area ls` shows, or remove the file and register the disk anew")
        }
        return instance
    }

    private func sync() throws(FilesError) {
        let descriptor = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("fsync", errno) }
    }
}
