/// Sizes in words: powers of 1000, three digits. The scripts follow the same rule.
package enum PageSize {
    private static let units = ["kB", "MB", "GB", "TB", "PB"]

    /// `532 bytes`, `1 byte`, `4.3 kB`, `128 MB`
    package static func text(_ bytes: Int64) -> String {
        guard bytes >= 1000 else { return bytes == 1 ? "1 byte" : "\(bytes) bytes" }
        var value = Double(bytes)
        var unit = -1
        // 999.5 kB would be rounded to 1000 kB: that is 1.0 MB.
        repeat {
            value /= 1000
            unit += 1
        } while value >= 999.5 && unit < units.count - 1
        guard value < 99.95 else { return "\(Int(value.rounded())) \(units[unit])" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
