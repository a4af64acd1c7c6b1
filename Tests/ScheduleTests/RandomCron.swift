import Jobs
import TestSupport

/// A random cron expression together with what it means, made without the code under test.
struct RandomCron {
    struct Date {
        let month, day, weekday: Int
    }

    /// From 1970-01-01 on, counted day by day.
    static let calendar: [Date] = {
        var dates: [Date] = []
        var weekday = 4
        for year in 1970..<2070 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            for (month, length) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
                for day in 1...length {
                    dates.append(Date(month: month + 1, day: day, weekday: weekday))
                    weekday = (weekday + 1) % 7
                }
            }
        }
        return dates
    }()

    let text: String
    /// Whether some hours are left out.
    let namesHours: Bool
    private let sets: [Set<Int>]
    private let stars: [Bool]

    /// - Parameter days: the chance, in percent, that the fields of days and months are restricted.
    init(days: Int, using generator: inout SeededGenerator) {
        let ranges = [0...59, 0...23, 1...31, 1...12, 0...7]
        var (texts, sets) = ([String](), [Set<Int>]())
        for (index, range) in ranges.enumerated() {
            let (text, set) = Self.field(
                range, index, isOpen: Int.random(in: 1...100, using: &generator) > (index < 2 ? 70 : days), &generator)
            texts.append(text)
            sets.append(set)
        }
        text = texts.joined(separator: " ")
        self.sets = sets
        stars = texts.map { $0.hasPrefix("*") }
        namesHours = sets[1].count < 24
    }

    private static func field(
        _ range: ClosedRange<Int>, _ index: Int, isOpen: Bool, _ generator: inout SeededGenerator
    ) -> (String, Set<Int>) {
        let top = index == 4 ? 6 : range.upperBound
        if isOpen {
            guard Bool.random(using: &generator) else { return ("*", Set(range.lowerBound...top)) }
            let step = Int.random(in: 1...top, using: &generator)
            return ("*/\(step)", Set(stride(from: range.lowerBound, through: top, by: step)))
        }
        var (parts, values) = ([String](), Set<Int>())
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let low = Int.random(in: range, using: &generator)
            let high = Int.random(in: low...range.upperBound, using: &generator)
            let step = Int.random(in: 1...max(1, top / 3), using: &generator)
            switch Int.random(in: 0...2, using: &generator) {
            case 0: (parts, values) = (parts + [name(low, index, &generator)], values.union([low]))
            case 1: (parts, values) = (parts + ["\(low)-\(high)"], values.union(low...high))
            default: (parts, values) = (parts + ["\(low)-\(high)/\(step)"], values.union(stride(from: low, through: high, by: step)))
            }
        }
        return (parts.joined(separator: ","), Set(values.map { index == 4 ? $0 % 7 : $0 }))
    }

    private static func name(_ value: Int, _ index: Int, _ generator: inout SeededGenerator) -> String {
        let months = ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        let days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        guard index >= 3, Bool.random(using: &generator) else { return "\(value)" }
        return index == 3 ? months[value] : days[value]
    }

    func matches(day: Int) -> Bool {
        let date = Self.calendar[day]
        guard sets[3].contains(date.month) else { return false }
        let (byMonth, byWeek) = (sets[2].contains(date.day), sets[4].contains(date.weekday))
        return stars[2] || stars[4] ? byMonth && byWeek : byMonth || byWeek
    }

    /// - Parameter minute: local minutes since 1970.
    func matches(minute: Int) -> Bool {
        sets[0].contains(minute % 60) && sets[1].contains(minute / 60 % 24) && matches(day: minute / 1440)
    }
}
