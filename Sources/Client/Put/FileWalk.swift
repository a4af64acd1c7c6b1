import Glibc

/// The files that arguments name, folders with all that is below them, one after the other and in the order of their names.
///
/// Of each folder on the way down some thousand names are in memory, however many there are: those of a larger one come so many at a
/// time, these in the order of their names. Symbolic links below a folder are not followed, and what is neither file nor folder is passed
/// over: a walk has an end.
package struct FileWalk: Sequence, IteratorProtocol {
    package enum Item: Sendable, Hashable {
        case file(String, size: Int64)
        case unreadable(String, reason: String)
    }

    private struct Level {
        let folder: String
        /// The last one comes first.
        var names: [String]
        /// What comes behind these.
        var rest: FolderNames?
    }

    private static let namesAtOnce = 10_000

    private var levels: [Level]
    private let namesAtOnce: Int

    package init(_ arguments: [String], namesAtOnce: Int = Self.namesAtOnce) {
        levels = [Level(folder: "", names: arguments.reversed())]
        self.namesAtOnce = namesAtOnce
    }

    package mutating func next() -> Item? {
        while true {
            guard let name = levels[levels.count - 1].names.popLast() else {
                if let item = refill() { return item }
                guard levels.count > 1 || !levels[0].names.isEmpty else { return nil }
                continue
            }
            let isArgument = levels.count == 1
            let path = isArgument ? name : levels[levels.count - 1].folder + "/" + name
            if let item = visit(path, follows: isArgument) { return item }
        }
    }

    /// - Parameter follows: what is named at the command line is meant, link or not.
    private mutating func visit(_ path: String, follows: Bool) -> Item? {
        var status = stat()
        guard (follows ? stat(path, &status) : lstat(path, &status)) == 0 else {
            return .unreadable(path, reason: String(cString: strerror(errno)))
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file(path, size: Int64(status.st_size))
        case S_IFDIR:
            guard let names = FolderNames(path) else { return .unreadable(path, reason: String(cString: strerror(errno))) }
            levels.append(Level(folder: path.last == "/" ? String(path.dropLast()) : path, names: [], rest: names))
            return nil
        default: return follows ? .unreadable(path, reason: "neither a file nor a folder") : nil
        }
    }

    /// Takes the next names of the folder that one is in, or goes up when there are none.
    private mutating func refill() -> Item? {
        let last = levels.count - 1
        guard let rest = levels[last].rest else {
            if last > 0 { levels.removeLast() }
            return nil
        }
        let names = rest.next(namesAtOnce)
        levels[last].names = names.sorted(by: >)
        // A folder that is read to its end needs no descriptor while one is below it.
        guard names.count < namesAtOnce else { return nil }
        levels[last].rest = nil
        return rest.failure.map { .unreadable(levels[last].folder, reason: $0) }
    }
}

/// The names in one folder, as they come.
private final class FolderNames {
    private let handle: OpaquePointer
    /// Why they are not all.
    private(set) var failure: String?

    /// - Returns: nil, and `errno`, for one that cannot be read.
    init?(_ path: String) {
        guard let handle = opendir(path) else { return nil }
        self.handle = handle
    }

    deinit {
        closedir(handle)
    }

    /// - Returns: fewer than `count` at the end.
    func next(_ count: Int) -> [String] {
        var names: [String] = []
        while names.count < count {
            errno = 0
            guard let entry = readdir(handle) else {
                if errno != 0 { failure = String(cString: strerror(errno)) }
                return names
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
            }
            guard let name else {
                failure = "holds a name that is not UTF-8"
                continue
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
