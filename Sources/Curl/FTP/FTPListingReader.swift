/// Cuts the bytes of a listing into lines and hands the entries over in chunks. Holds one line and one chunk at most.
package struct FTPListingReader {
    package static let chunk = 500
    /// Longer lines are skipped: no server has such names, and a line without an end must not fill the memory.
    private static let maximumLine = 4096

    private let parse: (Substring) -> FTPEntry?
    private let take: ([FTPEntry]) -> Bool
    private var line: [UInt8] = []
    private var isTooLong = false
    private var entries: [FTPEntry] = []
    /// Whether `take` wanted no more.
    package private(set) var isStopped = false

    package init(parse: @escaping (Substring) -> FTPEntry?, take: @escaping ([FTPEntry]) -> Bool) {
        self.parse = parse
        self.take = take
    }

    /// - Returns: whether more is wanted.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            append(rest[..<end])
            endLine()
            rest = rest[(end + 1)...]
            if entries.count == Self.chunk { handOver() }
            if isStopped { return false }
        }
        append(rest)
        return true
    }

    /// Hands over what is left. A line without an end has been cut off and is not an entry.
    package mutating func finish() {
        if !entries.isEmpty { handOver() }
    }

    private mutating func append(_ bytes: Slice<UnsafeRawBufferPointer>) {
        isTooLong = isTooLong || line.count + bytes.count > Self.maximumLine
        if !isTooLong { line.append(contentsOf: bytes) }
    }

    private mutating func endLine() {
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        if !isTooLong, let entry = parse(String(decoding: line, as: UTF8.self)[...]) { entries.append(entry) }
        line.removeAll(keepingCapacity: true)
        isTooLong = false
    }

    private mutating func handOver() {
        isStopped = !take(entries)
        entries.removeAll(keepingCapacity: true)
    }
}
