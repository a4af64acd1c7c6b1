/// A page's names as Mustache looks them up, with a mark in the place of each leaf of a `PageFilling`, numbered alike.
///
/// A mark is the leaf's number between two control characters. No value of a page is ever among what Mustache gets, so none can be taken
/// for a mark.
struct PageMarks {
    static let start: UInt8 = 1
    static let end: UInt8 = 2

    private(set) var names: [String: Any] = [:]
    private var count = 0

    init(_ content: any PageContent, in frame: any PageContent) {
        names = members(of: frame)
        names.merge(members(of: content)) { _, inner in inner }
    }

    /// What is not there has no name, as Mustache wants it.
    private mutating func members(of content: any PageContent) -> [String: Any] {
        var members: [String: Any] = [:]
        for (name, value) in content.values.pairs {
            switch value {
            case .text, .number, .optional(.some), .row: members[name] = next()
            case .flag(let flag): members[name] = flag
            case .content(let inner?): members[name] = self.members(of: inner)
            // All rows together are one leaf.
            case .rows(_, let rows): members[name] = rows.isEmpty ? [] : [next()]
            case .optional(nil), .content(nil): break
            }
        }
        return members
    }

    private mutating func next() -> String {
        defer { count += 1 }
        let (start, end) = (Unicode.Scalar(Self.start), Unicode.Scalar(Self.end))
        return "\(start)\(count)\(end)"
    }
}
