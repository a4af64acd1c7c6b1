import FoundationEssentials
import Platform

/// Reads lines of directory listings. A line that makes no sense is skipped: listings are for tidying up, and what is
/// not understood is left alone.
package enum FTPListing {
    /// `type=file;size=12;modify=20261122210000; name` (RFC 3659, 7.2).
    package static func machineEntry(_ line: Substring) -> FTPEntry? {
        guard let blank = line.firstIndex(of: " ") else { return nil }
        let name = line[line.index(after: blank)...]
        var size: Int64?
        var modified: Date?
        var type = ""
        for fact in line[..<blank].split(separator: ";") {
            guard let equals = fact.firstIndex(of: "=") else { continue }
            let value = fact[fact.index(after: equals)...]
            switch fact[..<equals].lowercased() {
            case "size": size = Int64(value).flatMap { $0 >= 0 ? $0 : nil }
            case "modify": modified = timestamp(value)
            case "type": type = value.lowercased()
            default: break
            }
        }
        guard !name.isEmpty, name != ".", name != "..", type == "file" || type == "dir" else { return nil }
        return FTPEntry(name: String(name), size: type == "file" ? size : nil, modified: modified, isDirectory: type == "dir")
    }

    /// `-rw-r--r-- 1 owner group 4096 Nov 22 21:00 name`, as of `ls -l`; the year may stand in place of the time.
    ///
    /// - Parameter now: the present year and month; a month still to come is last year's.
    package static func unixEntry(_ line: Substring, now: (year: Int, month: Int)) -> FTPEntry? {
        guard let kind = line.first, kind == "-" || kind == "d" else { return nil }
        let fields = line.split(separator: " ", maxSplits: 8, omittingEmptySubsequences: true)
        guard fields.count == 9, fields[8] != ".", fields[8] != ".." else { return nil }
        let size = Int64(fields[4]).flatMap { $0 >= 0 ? $0 : nil }
        return FTPEntry(
            name: String(fields[8]), size: kind == "-" ? size : nil,
            modified: unixTime(month: fields[5], day: fields[6], timeOrYear: fields[7], now: now), isDirectory: kind == "d")
    }

    package static func currentYearMonth() -> (year: Int, month: Int) {
        let (year, month, _) = CivilDate.components(ofDay: Int64(Date().timeIntervalSince1970 / 86_400))
        return (Int(year), Int(month))
    }

    private static func timestamp(_ text: Substring) -> Date? {
        let digits = text.prefix { $0 != "." }
        guard digits.utf8.count == 14, let number = Int(digits), number > 0 else { return nil }
        let (date, time) = (number / 1_000_000, number % 1_000_000)
        return CivilDate.date(
            year: date / 10_000, month: date / 100 % 100, day: date % 100, hour: time / 10_000, minute: time / 100 % 100, second: time % 100
        )
    }

    private static func unixTime(month: Substring, day: Substring, timeOrYear: Substring, now: (year: Int, month: Int)) -> Date? {
        guard let month = CivilDate.monthNames.firstIndex(of: String(month)).map({ $0 + 1 }), let day = Int(day) else { return nil }
        let parts = timeOrYear.split(separator: ":")
        if parts.count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]) {
            // At a month's end the server's clock or zone may be ahead, so the month to come is not last year's.
            let isNextYear = now.month == 12 && month == 1
            let year = isNextYear ? now.year + 1 : month > now.month + 1 ? now.year - 1 : now.year
            return CivilDate.date(year: year, month: month, day: day, hour: hour, minute: minute, second: 0)
        }
        guard let year = Int(timeOrYear) else { return nil }
        return CivilDate.date(year: year, month: month, day: day, hour: 0, minute: 0, second: 0)
    }
}
