import Cryptography
import Glibc

/// The file that tells the id of a staging area, so that a volume mounted in the wrong place, or not at all, is noticed.
struct AreaFile {
    private let file: OnceFile

    /// - Parameter root: the directory of the area.
    init(root: String) {
        file = OnceFile(path: root + "/area")
    }

    /// - Parameters:
    ///   - wanted: the id that must be there; a new area gets it, or a random one.
    ///   - isMaking: whether a directory without the file becomes an area; otherwise it is `.noArea`.
    func readOrMake(_ wanted: String?, isMaking: Bool) throws(FilesError) -> String {
        if let wanted, !Self.isID(wanted) { throw FilesError(.misuse, "a staging area's id is 1…64 of [a-z0-9-]") }
        if let found = try read() { return try checked(found, wanted) }
        guard isMaking else { throw FilesError(.noArea, "the directory holds no staging area") }
        let made = wanted ?? RandomBytes.make(8).map { String($0 >> 4, radix: 16) + String($0 & 0xF, radix: 16) }.joined()
        return try checked(id(in: file.make(made)), wanted)
    }

    /// The id; nil when there is no file.
    func read() throws(FilesError) -> String? {
        guard let line = try file.read() else { return nil }
        return try id(in: line)
    }

    /// Makes sure that the file system keeps locks apart (flock(2)): some that are mounted over a network or by FUSE do not, and two
    /// processes would write to one file.
    func checkLocks() throws(FilesError) {
        let descriptors = [open(file.path, O_RDONLY | O_CLOEXEC), open(file.path, O_RDONLY | O_CLOEXEC)]
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

    private func id(in line: String) throws(FilesError) -> String {
        guard Self.isID(line) else { throw FilesError(.storage, "the area file does not hold an id") }
        return line
    }

    private static func isID(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
    }
}
