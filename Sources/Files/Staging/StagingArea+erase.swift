import Glibc
import Platform

extension StagingArea {
    /// Destroys the staged bytes of one file, of which nobody may have anything any more, and frees their room.
    ///
    /// In a pack they are cut out (fallocate(2)); the pack itself goes with the last of its files.
    public func erase(_ file: FileRecord) async throws(FilesError) {
        if file.place.container == file.id { return try await remove([file.id]) }
        let directories = try directories()
        let place = file.place
        let size = file.size
        guard size > 0 else { return }
        try await onPool { () throws(FilesError) in
            let descriptor = openat(directories.ready, place.container.description, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else {
                guard errno == ENOENT else { throw .system("open", errno) }
                return
            }
            defer { close(descriptor) }
            guard FileRange.cutOut(descriptor, from: place.offset, count: size) else { throw .system("fallocate", errno) }
        }
    }
}
