import Glibc

/// A file that is being received, beside the place where it belongs and under another name until it is whole.
final class PartFile: Sendable {
    let descriptor: Int32
    private let path: String
    private let target: String
    /// Of a name, in bytes.
    private static let maximumLength = 255

    /// - Parameter id: of the file; what an earlier run left of the same one is gone on with.
    init(target: String, id: String) throws(ClientFailure) {
        self.target = target
        let path = PartFile.path(beside: target, id: id)
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw .local("cannot write \(path): \(String(cString: strerror(errno)))") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .local("\(path) is being received by another process") }
    }

    /// `target` with the id behind it; of a name that leaves no room for that, the beginning.
    private static func path(beside target: String, id: String) -> String {
        let suffix = ".part-\(id)"
        let start = target.utf8.lastIndex(of: UInt8(ascii: "/")).map { target.utf8.index(after: $0) } ?? target.startIndex
        var name = target[start...]
        while !name.isEmpty, name.utf8.count + suffix.utf8.count > maximumLength { name.removeLast() }
        return "\(target[..<start])\(name)\(suffix)"
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    var size: Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Gives it its name, once its bytes are on the disk.
    ///
    /// - Parameter replaces: whether a file of that name may be there; else it stays as it is.
    func keep(replaces: Bool) throws(ClientFailure) {
        guard fsync(descriptor) == 0 else { throw .local("cannot write \(path): \(String(cString: strerror(errno)))") }
        guard !replaces else {
            guard rename(path, target) == 0 else { throw .local("cannot make \(target): \(String(cString: strerror(errno)))") }
            return
        }
        // Unlike rename(2), link(2) never takes the place of a file that has come meanwhile.
        guard link(path, target) == 0 else {
            let number = errno
            // The place is taken: no other run could give it this name either.
            if number == EEXIST { remove() }
            throw .local("cannot make \(target): \(String(cString: strerror(number)))")
        }
        remove()
    }

    func remove() {
        unlink(path)
    }
}
