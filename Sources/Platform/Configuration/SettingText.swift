/// Reading and showing the text of settings.
package enum SettingText {
    /// Decimal digits only.
    static func number(_ text: some StringProtocol) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text)
    }

    /// `10MiB`, `2GB`, `512`; case does not matter. Nil too for what exceeds 63 bits.
    package static func bytes(_ text: String) -> Int64? {
        let (number, unit) = parts(text)
        let factors: [String: Int64] = [
            "": 1, "b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40, "kb": 1000, "mb": 1_000_000, "gb": 1_000_000_000,
            "tb": 1_000_000_000_000,
        ]
        return product(number, factors[unit.lowercased()])
    }

    /// `250ms`, `5s`, `10m`, `24h`, `7d`. A number without unit is no duration.
    package static func duration(_ text: String) -> Duration? {
        let (number, unit) = parts(text)
        let factors: [String: Int64] = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        return product(number, factors[String(unit)]).map { .milliseconds($0) }
    }

    /// Neither relative nor able to break a line.
    static func isAbsolutePath(_ text: String) -> Bool {
        text.hasPrefix("/") && text.utf8.count <= 4000 && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    /// A value in quotes, short and printable, for a message.
    static func shown(_ text: String) -> String {
        let printable = text.unicodeScalars.prefix(60).map { $0.value >= 0x20 && $0.value < 0x7F ? Character($0) : "?" }
        return "\"" + String(printable) + (text.unicodeScalars.count > 60 ? "…" : "") + "\""
    }

    /// How many insertions, deletions and replacements lead from one text to the other (Levenshtein).
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        var row = Array(0...right.count)
        for (i, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (byte == other ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }

    private static func parts(_ text: String) -> (Substring, Substring) {
        let end = text.firstIndex { !$0.isASCII || !$0.isWholeNumber } ?? text.endIndex
        return (text[..<end], text[end...])
    }

    private static func product(_ number: Substring, _ factor: Int64?) -> Int64? {
        guard let number = self.number(number), let factor else { return nil }
        let (value, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : value
    }
}
