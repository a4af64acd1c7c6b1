/// So many bytes in so many files.
struct QuotaAmount: Sendable, Hashable {
    var bytes: Int64 = 0
    var files: Int64 = 0

    static let zero = QuotaAmount()

    var isEmpty: Bool { bytes == 0 && files == 0 }

    static func + (left: Self, right: Self) -> Self {
        Self(bytes: sum(left.bytes, right.bytes), files: sum(left.files, right.files))
    }

    /// Never less than nothing.
    static func - (left: Self, right: Self) -> Self {
        Self(bytes: max(0, left.bytes - right.bytes), files: max(0, left.files - right.files))
    }

    func limited(to most: Self?) -> Self {
        most.map { Self(bytes: min(bytes, $0.bytes), files: min(files, $0.files)) } ?? self
    }

    private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}
