import Glibc
import Platform
import Synchronization

/// Reads a directory page by page, so that memory does not grow with the number of files. All methods block.
final class DirectoryReader: Sendable {
    /// A file and when it was last written.
    struct Entry: Sendable {
        let name: String
        let modified: Int64
    }

    private struct Stream: ~Copyable {
        let handle: OpaquePointer
        deinit { closedir(handle) }
    }

    private let stream: Mutex<Stream>

    /// - Parameter descriptor: of the directory; it stays the caller's.
    init(descriptor: Int32) throws(FilesError) {
        let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0 else { throw .system("open", errno) }
        guard let handle = fdopendir(own) else {
            let failure = errno
            close(own)
            throw .system("fdopendir", failure)
        }
        stream = Mutex(Stream(handle: handle))
    }

    /// The next entries whose names are identifiers; empty at the end.
    func next(_ limit: Int) throws(FilesError) -> [Entry] {
        try stream.withLock { stream throws(FilesError) in
            var entries: [Entry] = []
            while entries.count < limit {
                errno = 0
                guard let entry = readdir(stream.handle) else {
                    guard errno == 0 else { throw .system("readdir", errno) }
                    break
                }
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                guard FileID(name) != nil else { continue }
                var status = stat()
                // Moved or removed in between is not an error.
                guard fstatat(dirfd(stream.handle), name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
                entries.append(Entry(name: name, modified: Int64(status.st_mtim.tv_sec)))
            }
            return entries
        }
    }
}
