import Cryptography
import Glibc

/// A file of one line that is made once, by whichever of several processes is the first, and never changed.
struct OnceFile {
    let path: String

    /// The line; nil when there is no file.
    func read() throws(FilesError) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw .system("open", errno) }
            return nil
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw .system("read", errno) }
        return String(decoding: bytes.prefix(count).prefix { $0 != 0x0A }, as: UTF8.self)
    }

    /// Makes the file with this line, unless it is there.
    ///
    /// - Returns: the line that is there now.
    func make(_ line: String) throws(FilesError) -> String {
        // Written aside and linked, so that of two processes that start together both read one whole line.
        let draft = "\(path).\(RandomBytes.token(byteCount: 16))"
        let descriptor = open(draft, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw .system("open", errno) }
        defer { unlink(draft) }
        let text = Array((line + "\n").utf8)
        let isWritten = write(descriptor, text, text.count) == text.count && fsync(descriptor) == 0
        let failure = errno
        close(descriptor)
        guard isWritten else { throw .system("write", failure) }
        guard link(draft, path) == 0 || errno == EEXIST else { throw .system("link", errno) }
        guard let found = try read() else { throw FilesError(.storage, "a file of the staging area has vanished") }
        return found
    }
}
