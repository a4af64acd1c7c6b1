/// Sizes in words: powers of 1000, three digits. The scripts follow the same rule.
package enum PageSize {
    private static let units = ["kB", "MB", "GB", "TB", "PB"]

    private static let exactUnits: [(name: String, bytes: Int64)] = [
        ("kB", 1_000), ("KiB", 1 << 10), ("MB", 1_000_000), ("MiB", 1 << 20), ("GB", 1_000_000_000), ("GiB", 1 << 30),
        ("TB", 1_000_000_000_000), ("TiB", 1 << 40), ("PB", 1_000_000_000_000_000), ("PiB", 1 << 50),
    ]

    /// A limit, exactly: in the largest unit of which it is a whole number; `100 GiB`, `5 GB`, `1500001 bytes`.
    package static func limit(_ bytes: Int64) -> String {
        guard let unit = exactUnits.last(where: { bytes >= $0.bytes && bytes % $0.bytes == 0 }) else {
            return bytes == 1 ? "1 byte" : "\(bytes) bytes"
        }
        return "\(bytes / unit.bytes) \(unit.name)"
    }

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
