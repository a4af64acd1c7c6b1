package import NIOCore

/// Writes a page: skeletons, and in their gaps the values, escaped.
package struct PageWriter {
    /// What rows have of the page around them.
    private struct RowFrame: PageContent {
        let csrf: String
        var values: PageValues { ["csrf": .text(csrf)] }
    }

    private let skeletons: PageSkeletons
    private let rowFrame: RowFrame
    package private(set) var buffer = ByteBuffer()

    package init(_ skeletons: PageSkeletons, csrf: String) {
        self.skeletons = skeletons
        rowFrame = RowFrame(csrf: csrf)
    }

    /// - Parameters:
    ///   - content: of the same type each time for a template, and so is `frame`.
    ///   - count: how many like this one are about to be written.
    package mutating func write(_ template: PageTemplate, _ content: any PageContent, in frame: any PageContent, of count: Int = 1) {
        let (skeleton, filling) = skeletons.find(template, content, in: frame)
        buffer.reserveCapacity(minimumWritableBytes: (skeleton.size + Self.valueSize) * count)
        for piece in skeleton.pieces {
            buffer.writeBytes(piece.text)
            if let leaf = piece.leaf { write(filling.leaves[leaf]) }
        }
    }

    /// What the values of a page or a row take at first.
    private static let valueSize = 512

    private mutating func write(_ leaf: PageValue) {
        switch leaf {
        case .text(let text), .optional(let text?): buffer.writeMarkup(escaping: text)
        case .number(let number): buffer.writeString(String(number))
        case .row(let template, let row): write(template, row, in: rowFrame)
        case .rows(let template, let rows):
            for (index, row) in rows.enumerated() { write(template, row, in: rowFrame, of: index == 0 ? rows.count : 1) }
        case .optional(nil), .flag, .content: preconditionFailure("only what is filled in is a leaf")
        }
    }
}
