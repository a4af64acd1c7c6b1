import Glibc

/// The files that arguments name, folders with all that is below them, one after the other and in the order of their names.
///
/// A folder's names are in memory, not those of the whole tree. Symbolic links below a folder are not followed, and what is neither
/// file nor folder is passed over: a walk has an end.
package struct FileWalk: Sequence, IteratorProtocol {
    package enum Item: Sendable, Hashable {
        case file(String)
        case unreadable(String, reason: String)
    }

    private struct Level {
        let folder: String
        /// The last one comes first.
        var names: [String]
    }

    private var levels: [Level]

    package init(_ arguments: [String]) {
        levels = [Level(folder: "", names: arguments.reversed())]
    }

    package mutating func next() -> Item? {
        while true {
            while levels.count > 1, levels[levels.count - 1].names.isEmpty { levels.removeLast() }
            guard let name = levels[levels.count - 1].names.popLast() else { return nil }
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
        case S_IFREG: return .file(path)
        case S_IFDIR:
            guard let names = Self.names(in: path) else { return .unreadable(path, reason: String(cString: strerror(errno))) }
            let folder = path.last == "/" ? String(path.dropLast()) : path
            let broken = names.contains(nil)
            levels.append(Level(folder: folder, names: names.compactMap { $0 }.sorted(by: >)))
            return broken ? .unreadable(path, reason: "holds a name that is not UTF-8") : nil
        default: return follows ? .unreadable(path, reason: "neither a file nor a folder") : nil
        }
    }

    /// - Returns: nil for a name that is no text; nil instead of the list when the folder cannot be read.
    private static func names(in folder: String) -> [String?]? {
        guard let handle = opendir(folder) else { return nil }
        defer { closedir(handle) }
        var names: [String?] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
