import Platform

/// Points in local time, in the five fields of crontab(5): minute, hour, day of month, month, day of week.
///
/// Each is `*`, a number, a name (`jan`, `mon`), a range, a list of these, with a step after `*` or a range. Sunday is 0
/// and 7. As POSIX has it, a day counts when it is named by either field of days; where one of them begins with `*`, it
/// must be in both. `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight` and `@hourly` stand for what
/// they say.
public struct CronExpression: Sendable, Hashable, CustomStringConvertible {
    private static let shorthands = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *",
        "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]
    private static let longest = 1000

    /// The five fields with single blanks between.
    public let description: String
    /// Whether every hour is named: such ticks follow the time that passes, others the day.
    var isHourly: Bool { hours == 1 << 24 - 1 }
    // A bit for each value.
    private let minutes, hours, days, months, weekdays: UInt64
    /// Whether a day must be named by both fields of days, not by either.
    private let needsBoth: Bool

    /// - Throws: `.syntax` or `.outOfRange` with the place, `.neverFires` when no day can match.
    public init(_ text: String) throws(ScheduleError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.longest else {
            throw ScheduleError(.syntax, position: Self.longest + 1, "an expression has at most \(Self.longest) characters")
        }
        var parts = bytes.split { $0 == 0x20 || $0 == 0x09 }
        if let first = parts.first, first.first == UInt8(ascii: "@") {
            let name = String(decoding: first, as: UTF8.self).lowercased()
            guard parts.count == 1, let meaning = Self.shorthands[name] else {
                let known = Self.shorthands.keys.sorted().joined(separator: " ")
                throw ScheduleError(.syntax, position: (parts.count == 1 ? first : parts[1]).startIndex + 1, "the words are \(known)")
            }
            parts = Array(meaning.utf8).split(separator: 0x20)
        }
        guard parts.count == CronField.allCases.count else {
            throw ScheduleError(
                .syntax, position: (parts.count > 5 ? parts[5].startIndex : bytes.count) + 1,
                "an expression has five fields (minute, hour, day of month, month, day of week; none for seconds), this has \(parts.count)")
        }
        var sets: [UInt64] = []
        for (field, part) in zip(CronField.allCases, parts) {
            var reader = CronFieldReader(field, part)
            sets.append(try reader.read())
        }
        func beginsWithStar(_ index: Int) -> Bool { parts[index].first == UInt8(ascii: "*") }
        (minutes, hours, days, months, weekdays) = (sets[0], sets[1], sets[2], sets[3], sets[4])
        needsBoth = beginsWithStar(2) || beginsWithStar(4)
        description = parts.map { String(decoding: $0, as: UTF8.self).lowercased() }.joined(separator: " ")
        guard day(after: 0) != nil else {
            throw ScheduleError(
                .neverFires, field: .dayOfMonth, position: parts[2].startIndex + 1, "none of these months has such a day")
        }
    }

    /// The first matching minute behind a point in local time, both as if the local time were UTC.
    /// - Returns: nil when there is none within 400 years, after which the calendar repeats itself.
    func local(after local: Int64) -> Int64? {
        let (today, second) = local.flooredDivision(by: 86_400)
        if isOn(day: today), let minute = minute(from: Int(second / 60) + 1) { return today * 86_400 + Int64(minute) * 60 }
        guard let day = day(after: today), let minute = minute(from: 0) else { return nil }
        return day * 86_400 + Int64(minute) * 60
    }

    /// The first matching minute of a day at or behind another.
    private func minute(from start: Int) -> Int? {
        guard let hour = Self.first(in: hours, from: start / 60) else { return nil }
        if let minute = Self.first(in: minutes, from: hour * 60 >= start ? 0 : start % 60) { return hour * 60 + minute }
        guard let next = Self.first(in: hours, from: hour + 1), let minute = Self.first(in: minutes, from: 0) else { return nil }
        return next * 60 + minute
    }

    private func isOn(day: Int64) -> Bool {
        let date = CivilDate.components(ofDay: day)
        return months & 1 << UInt64(date.month) != 0 && days(year: date.year, month: date.month) & 1 << UInt64(date.day) != 0
    }

    /// The first matching day behind another; days are counted from 1970-01-01.
    private func day(after day: Int64) -> Int64? {
        var (year, month, start) = CivilDate.components(ofDay: day + 1)
        let end = year + 400
        while year <= end {
            guard let next = Self.first(in: months, from: Int(month)) else {
                (year, month, start) = (year + 1, 1, 1)
                continue
            }
            if next != Int(month) { (month, start) = (Int64(next), 1) }
            if let found = Self.first(in: days(year: year, month: month), from: Int(start)) {
                return CivilDate.day(year: year, month: month, day: Int64(found))
            }
            (month, start) = (month + 1, 1)
        }
        return nil
    }

    /// The matching days of a month, a bit for each.
    private func days(year: Int64, month: Int64) -> UInt64 {
        let first = CivilDate.day(year: year, month: month, day: 1)
        let next = month == 12 ? CivilDate.day(year: year + 1, month: 1, day: 1) : CivilDate.day(year: year, month: month + 1, day: 1)
        var ofWeek: UInt64 = 0
        for day in 1...(next - first) {
            // 1970-01-01 was a Thursday.
            let weekday = (first + day + 3).flooredDivision(by: 7).remainder
            if weekdays & 1 << UInt64(weekday) != 0 { ofWeek |= 1 << UInt64(day) }
        }
        let existing = (1 << UInt64(next - first + 1)) - 1
        return (needsBoth ? days & ofWeek : days | ofWeek) & UInt64(existing)
    }

    private static func first(in set: UInt64, from bit: Int) -> Int? {
        guard bit < 64 else { return nil }
        let rest = set >> UInt64(bit)
        return rest == 0 ? nil : bit + rest.trailingZeroBitCount
    }
}
