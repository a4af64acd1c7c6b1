import Cryptography
import Glibc

/// A regular file that is being sent.
final class LocalFile: Sendable {
    /// By what a change is noticed.
    private struct Stamp: Equatable {
        let size, seconds, nanoseconds, inode, device: Int64

        init?(_ descriptor: Int32) {
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            size = Int64(status.st_size)
            (seconds, nanoseconds) = (Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec))
            (inode, device) = (Int64(truncatingIfNeeded: status.st_ino), Int64(truncatingIfNeeded: status.st_dev))
        }
    }

    let path: String
    private let descriptor: Int32
    private let stamp: Stamp

    init(_ path: String) throws(ClientFailure) {
        self.path = path
        // A pipe without a writer would block the opening.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .local("cannot be read: \(String(cString: strerror(errno)))") }
        guard let stamp = Stamp(descriptor) else {
            close(descriptor)
            throw .local("not a regular file")
        }
        self.stamp = stamp
    }

    deinit {
        close(descriptor)
    }

    var size: Int64 { stamp.size }

    /// What it is called at the server, which keeps no folders.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    var isUnchanged: Bool { Stamp(descriptor) == stamp }

    /// Of this content of this file for this server: after a change it is another one.
    func identity(at server: String) -> SHA256Digest {
        let numbers = [stamp.size, stamp.seconds, stamp.nanoseconds, stamp.inode, stamp.device].map { String($0) }
        return SHA256Hasher.digest(of: Array(([server, Self.absolute(path)] + numbers).joined(separator: "\0").utf8))
    }

    /// - Returns: how many bytes were read, 0 at the end, nil on an error.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Int? {
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if count >= 0 { return count }
            guard errno == EINTR else { return nil }
        }
    }

    /// Where a path leads whatever folder one is in; symbolic links are left as they are.
    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }
}
