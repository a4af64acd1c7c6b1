/// A path that may become part of an FTP command: the one choke point between names and the control connection (row 30).
///
/// Its text consists of `[A-Za-z0-9._/-]`, so it can hold no CR, LF, NUL, blank, quote or percent sign, and needs no
/// encoding in a URL either. No segment is empty, `.` or `..`; none begins with `-`, which listing commands take for an
/// option.
package struct FTPPath: Hashable, Sendable {
    /// As the commands have it: with a leading slash when absolute.
    package let text: String

    private init(unchecked text: String) {
        self.text = text
    }

    /// The configured base directory. A trailing slash is dropped.
    package init(directory: String) throws(FTPError) {
        var rest = directory[...]
        while rest.last == "/" { rest.removeLast() }
        let isAbsolute = directory.first == "/"
        while rest.first == "/" { rest.removeFirst() }
        if !rest.isEmpty { try Self.check(rest) }
        text = (isAbsolute ? "/" : "") + rest
    }

    /// - Parameter key: relative to this directory.
    package func appending(_ key: String) throws(FTPError) -> FTPPath {
        try Self.check(key[...])
        if text.isEmpty || text == "/" { return FTPPath(unchecked: text + key) }
        return FTPPath(unchecked: text + "/" + key)
    }

    /// The directories between `base` and this file, the outermost first.
    package func directories(below base: FTPPath) -> [FTPPath] {
        var result: [FTPPath] = []
        for index in text.indices.dropFirst(max(base.text.count + 1, 1)) where text[index] == "/" {
            result.append(FTPPath(unchecked: String(text[..<index])))
        }
        return result
    }

    /// The path of an `ftp://` URL: a second slash marks it absolute (RFC 1738, 3.2.2, as libcurl reads it).
    var urlPath: String { "/" + text }

    /// The same as a directory.
    var urlDirectory: String { text.isEmpty || text.last == "/" ? urlPath : urlPath + "/" }

    private static func check(_ text: Substring) throws(FTPError) {
        guard (1...1024).contains(text.utf8.count), text.utf8.allSatisfy(isSafe) else {
            throw FTPError(.fatal, message: "a path with bytes that are not allowed in a command")
        }
        for segment in text.split(separator: "/", omittingEmptySubsequences: false) {
            guard !segment.isEmpty, segment != ".", segment != "..", segment.first != "-" else {
                throw FTPError(.fatal, message: "a path with a segment that is not allowed")
            }
        }
    }

    private static func isSafe(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "/"):
            true
        default:
            false
        }
    }
}
