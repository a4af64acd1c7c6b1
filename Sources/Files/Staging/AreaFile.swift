import Cryptography
import Glibc

/// The file that tells the id of a staging area, so that a volume mounted in the wrong place, or not at all, is noticed.
struct AreaFile {
    let path: String

    /// - Parameters:
    ///   - wanted: the id that must be there; a new area gets it, or a random one.
    ///   - isMaking: whether a directory without the file becomes an area; otherwise it is `.noArea`.
    func readOrMake(_ wanted: String?, isMaking: Bool) throws(FilesError) -> String {
        if let wanted, !Self.isID(wanted) { throw FilesError(.misuse, "a staging area's id is 1…64 of [a-z0-9-]") }
        if let found = try read() { return try checked(found, wanted) }
        guard isMaking else { throw FilesError(.noArea, "the directory holds no staging area") }
        let id = wanted ?? RandomBytes.make(8).map { String($0 >> 4, radix: 16) + String($0 & 0xF, radix: 16) }.joined()
        // Written aside and linked, so that of two processes that start together both read one whole id.
        let draft = "\(path).\(RandomBytes.token(byteCount: 16))"
        let descriptor = open(draft, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw .system("open", errno) }
        defer { unlink(draft) }
        let text = Array((id + "\n").utf8)
        let isWritten = write(descriptor, text, text.count) == text.count && fsync(descriptor) == 0
        let failure = errno
        close(descriptor)
        guard isWritten else { throw .system("write", failure) }
        guard link(draft, path) == 0 || errno == EEXIST else { throw .system("link", errno) }
        guard let found = try read() else { throw FilesError(.storage, "the id of the staging area has vanished") }
        return try checked(found, wanted)
    }

    /// Makes sure that the file system keeps locks apart (flock(2)): some that are mounted over a network or by FUSE do not, and two
    /// processes would write to one file.
    func checkLocks() throws(FilesError) {
        let descriptors = [open(path, O_RDONLY | O_CLOEXEC), open(path, O_RDONLY | O_CLOEXEC)]
        defer { for descriptor in descriptors where descriptor >= 0 { close(descriptor) } }
        guard descriptors.allSatisfy({ $0 >= 0 }) else { throw .system("open", errno) }
        var taken = 0
        for descriptor in descriptors {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { taken += 1 } else if errno != EWOULDBLOCK { throw .system("flock", errno) }
        }
        // None, if another process does the same at the moment.
        guard taken < 2 else { throw FilesError(.storage, "the file system of the staging area does not lock files (flock)") }
    }

    private func checked(_ found: String, _ wanted: String?) throws(FilesError) -> String {
        guard wanted == nil || wanted == found else { throw FilesError(.misuse, "this is staging area \(found), not \(wanted ?? "")") }
        return found
    }

    private func read() throws(FilesError) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw .system("open", errno) }
            return nil
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw .system("read", errno) }
        let id = String(decoding: bytes.prefix(count).prefix { $0 != 0x0A }, as: UTF8.self)
        guard Self.isID(id) else { throw FilesError(.storage, "the area file does not hold an id") }
        return id
    }

    private static func isID(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
    }
}
