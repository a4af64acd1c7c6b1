/// A page or a row of one shape: the text that is always the same, and which leaf of its `PageFilling` comes where.
struct PageSkeleton: Sendable {
    struct Piece {
        let text: ArraySlice<UInt8>
        /// What follows the text; nil at the end.
        let leaf: Int?
    }

    let pieces: [Piece]
    /// Of the text, in bytes.
    let size: Int

    /// - Parameter rendered: with the marks of `PageMarks`.
    init(_ rendered: String) {
        var pieces: [Piece] = []
        var rest = Array(rendered.utf8)[...]
        size = rest.count
        while let start = rest.firstIndex(of: PageMarks.start), let end = rest[start...].firstIndex(of: PageMarks.end) {
            pieces.append(Piece(text: rest[..<start], leaf: Int(String(decoding: rest[(start + 1)..<end], as: UTF8.self))))
            rest = rest[(end + 1)...]
        }
        pieces.append(Piece(text: rest, leaf: nil))
        self.pieces = pieces
    }
}
