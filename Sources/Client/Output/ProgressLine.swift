/// The lines that show progress, as text of a given width.
package enum ProgressLine {
    private static let longestList = 8

    package static func lines(_ snapshot: ProgressBoard.Snapshot, width: Int) -> [String] {
        snapshot.active.prefix(longestList).map { line($0, width: width) } + [total(snapshot, width: width)]
    }

    /// `name [=====>    ]  52 %  1.0 GiB`
    package static func line(_ item: ProgressBoard.Item, width: Int) -> String {
        let share = item.size > 0 ? Double(item.position) / Double(item.size) : 1
        let tail = padded(String(Int(min(1, share) * 100)), 3) + " %  " + padded(bytes(item.size), 10)
        let room = max(0, width - tail.count - 1)
        let name = fitted(item.name.split(separator: "/").last.map(String.init) ?? item.name, max(8, room / 2))
        return fitted("\(name.text) \(bar(share, width: max(0, room - name.columns - 2)))\(tail)", width).text
    }

    /// `12 of 100 files  1.2 of 4.0 GiB  12.3 MiB/s  3:10 left`
    package static func total(_ snapshot: ProgressBoard.Snapshot, width: Int) -> String {
        var parts = [snapshot.allFiles.map { "\(snapshot.files) of \($0) files" } ?? "\(snapshot.files) files"]
        parts.append(snapshot.allBytes.map { "\(bytes(snapshot.bytes)) of \(bytes($0))" } ?? bytes(snapshot.bytes))
        if let rate = snapshot.rate { parts.append(bytes(Int64(max(0, rate))) + "/s") }
        if let time = snapshot.timeLeft { parts.append(clock(time) + " left") }
        return fitted(parts.joined(separator: "  "), width).text
    }

    private static func bar(_ share: Double, width: Int) -> String {
        guard width >= 6 else { return "" }
        let inner = width - 3
        let filled = Int(Double(inner) * min(1, max(0, share)))
        let head = filled < inner ? ">" : "="
        let body = String(repeating: "=", count: max(0, filled - 1)) + (filled > 0 ? head : "")
        return "[" + body + String(repeating: " ", count: inner - filled) + "] "
    }

    package static func bytes(_ count: Int64) -> String {
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB"]
        guard count >= 1024 else { return "\(count) B" }
        var value = Double(count) / 1024
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        let tenths = Int(value * 10)
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    package static func clock(_ time: Duration) -> String {
        let seconds = Int(min(time, .seconds(3_596_400)) / .seconds(1))
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        let tail = seconds % 60 < 10 ? "0\(seconds % 60)" : "\(seconds % 60)"
        guard hours > 0 else { return "\(minutes):\(tail)" }
        return "\(hours):\(minutes < 10 ? "0" : "")\(minutes):\(tail)"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// Cut to a number of columns; what is not ASCII counts as two, since it may be.
    private static func fitted(_ text: String, _ width: Int) -> (text: String, columns: Int) {
        let text = PlainText.escape(text)
        var (result, columns) = ("", 0)
        for character in text {
            let needed = character.isASCII ? 1 : 2
            guard columns + needed <= width else { break }
            result.append(character)
            columns += needed
        }
        return (result, columns)
    }
}
