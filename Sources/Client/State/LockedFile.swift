import Glibc
import Synchronization

/// A small file that outlives this process and belongs to one process at a time.
///
/// The lock is flock(2)'s, which the kernel lets go of when its holder is killed. The file is written in place: a new one in its place
/// would not be the one that is locked.
final class LockedFile: Sendable {
    private let path: String
    private let descriptor: Int32
    /// Whether the last line was cut off, as by a full disk.
    private let isCut = Mutex(false)

    /// - Returns: nil when another process holds it.
    static func open(_ name: String, in folder: String) throws(ClientFailure) -> LockedFile? {
        try makeFolder(folder)
        let path = folder + "/" + name
        while true {
            let descriptor = Glibc.open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw .local(reason("open", path)) }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let isHeld = errno == EWOULDBLOCK
                let text = reason("lock", path)
                close(descriptor)
                if isHeld { return nil }
                throw .local(text)
            }
            // Whoever held it before may have removed it meanwhile.
            var (mine, current) = (stat(), stat())
            if fstat(descriptor, &mine) == 0, stat(path, &current) == 0, mine.st_ino == current.st_ino {
                return LockedFile(path: path, descriptor: descriptor)
            }
            close(descriptor)
        }
    }

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        // A child that has just been forked has the file open as well, until it becomes another program.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// How long ago it was last written.
    var age: Duration {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .zero }
        return .seconds(time(nil) - status.st_mtim.tv_sec)
    }

    var size: Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }

    func contents() throws(ClientFailure) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = try read(into: &buffer, at: Int64(bytes.count))
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }

    /// - Returns: how many bytes were read, 0 at the end.
    func read(into buffer: inout [UInt8], at place: Int64) throws(ClientFailure) -> Int {
        let count = pread(descriptor, &buffer, buffer.count, off_t(place))
        guard count >= 0 else { throw .local(Self.reason("read", path)) }
        return count
    }

    func replace(with text: String) throws(ClientFailure) {
        guard ftruncate(descriptor, 0) == 0 else { throw .local(Self.reason("write", path)) }
        isCut.withLock { $0 = false }
        try append(text)
    }

    /// One call to the kernel: whoever kills this process finds all of it or nothing. Behind what was cut off it begins a line of its own.
    func append(_ text: String) throws(ClientFailure) {
        try isCut.withLock { isCut throws(ClientFailure) in
            let bytes = Array(((isCut ? "\n" : "") + text).utf8)
            let count = write(descriptor, bytes, bytes.count)
            guard count != bytes.count else { return isCut = false }
            // A write that stops in the middle tells no reason: a disk, or what one may have of it, is full.
            if count >= 0 { errno = ENOSPC }
            isCut = isCut || count > 0
            throw .local(Self.reason("write", path))
        }
    }

    func remove() {
        unlink(path)
    }

    /// Removes what was last written longer ago than `age` and is nobody's at the moment.
    static func sweep(_ folder: String, olderThan age: Duration) {
        guard let handle = opendir(folder) else { return }
        defer { closedir(handle) }
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            var status = stat()
            guard lstat(folder + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                .seconds(time(nil) - status.st_mtim.tv_sec) > age
            else { continue }
            if let file = try? open(name, in: folder) { file.remove() }
        }
    }

    private static func makeFolder(_ folder: String) throws(ClientFailure) {
        var path = ""
        for part in folder.split(separator: "/") {
            path += "/" + part
            guard mkdir(path, 0o700) != 0, errno != EEXIST else { continue }
            var status = stat()
            guard stat(path, &status) == 0 else { throw .local(reason("make", path)) }
        }
    }

    private static func reason(_ action: String, _ path: String) -> String {
        "cannot \(action) \(path): \(String(cString: strerror(errno)))"
    }
}
