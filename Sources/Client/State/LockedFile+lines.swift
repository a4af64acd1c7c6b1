import Glibc

extension LockedFile {
    private static let piece = 65_536

    /// The line that begins at a place, without its end; nil where none does that is whole.
    func line(at place: Int64) throws(ClientFailure) -> String? {
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1024)
        while true {
            let count = try read(into: &buffer, at: place + Int64(line.count))
            let piece = buffer[..<count]
            if let end = piece.firstIndex(of: UInt8(ascii: "\n")) {
                return String(decoding: line + piece[..<end], as: UTF8.self)
            }
            guard count > 0 else { return nil }
            line += piece
        }
    }

    /// Reads all lines, up to one that is longer than a piece and so none that was written here.
    ///
    /// - Returns: whether the last one has an end.
    func eachLine(_ take: (_ place: Int64, _ line: ArraySlice<UInt8>) throws(ClientFailure) -> Void) throws(ClientFailure) -> Bool {
        var buffer = [UInt8](repeating: 0, count: Self.piece)
        var place: Int64 = 0
        while true {
            let count = try read(into: &buffer, at: place)
            guard count > 0 else { return true }
            var rest = buffer[..<count]
            // What is left at the end of a piece is read with the next one.
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                try take(place, rest[..<end])
                place += Int64(end + 1 - rest.startIndex)
                rest = rest[(end + 1)...]
            }
            guard rest.count < count else { return false }
        }
    }
}
