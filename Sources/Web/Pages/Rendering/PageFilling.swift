/// What a page or a row puts into its skeleton, and which skeleton that is.
struct PageFilling {
    /// A one, and behind it a bit for every value that may be there or not, in the order of the values: with the type of the contents
    /// it says how the page is built up.
    private(set) var shape: UInt64 = 1
    /// What is filled in, in the order of the values.
    private(set) var leaves: [PageValue] = []

    init(_ content: any PageContent, in frame: any PageContent) {
        leaves.reserveCapacity(32)
        add(frame)
        add(content)
    }

    private mutating func add(_ content: any PageContent) {
        for (_, value) in content.values.pairs {
            switch value {
            case .text, .number, .row: leaves.append(value)
            case .optional(let text):
                note(text != nil)
                if text != nil { leaves.append(value) }
            case .flag(let flag): note(flag)
            case .content(let inner):
                note(inner != nil)
                if let inner { add(inner) }
            case .rows(_, let rows):
                note(!rows.isEmpty)
                if !rows.isEmpty { leaves.append(value) }
            }
        }
    }

    private mutating func note(_ isThere: Bool) {
        precondition(shape.leadingZeroBitCount > 0, "a page has more optional values than a shape can tell")
        shape = shape << 1 | (isThere ? 1 : 0)
    }
}
