import Platform

/// The rule that holds behind the last transition of a zone: the TZ string of POSIX with the extensions of RFC 8536, 3.3.
struct ZoneRule: Sendable {
    enum Day: Sendable {
        /// 1 to 365; the 29th of February is never counted.
        case julian(Int64)
        /// 0 to 365.
        case ofYear(Int64)
        /// Week 1 to 5 of a month, 5 being the last; Sunday is 0.
        case weekday(month: Int64, week: Int64, day: Int64)

        /// Counted from 1970-01-01.
        func number(in year: Int64) -> Int64 {
            let january = CivilDate.day(year: year, month: 1, day: 1)
            switch self {
            case .julian(let day):
                let isLeap = CivilDate.day(year: year, month: 3, day: 1) - january == 60
                return january + day - 1 + (isLeap && day > 59 ? 1 : 0)
            case .ofYear(let day): return january + day
            case .weekday(let month, let week, let weekday):
                let first = CivilDate.day(year: year, month: month, day: 1)
                let next =
                    month == 12 ? CivilDate.day(year: year + 1, month: 1, day: 1) : CivilDate.day(year: year, month: month + 1, day: 1)
                let shift = (weekday - first - 4).flooredDivision(by: 7).remainder
                let day = first + shift + 7 * (week - 1)
                return day < next ? day : day - 7
            }
        }
    }

    struct Change: Sendable {
        let day: Day
        /// Seconds from the midnight before the day; may be negative or beyond it.
        let time: Int64
    }

    struct Daylight: Sendable {
        let offset: Int64
        let start, end: Change
    }

    /// Seconds to add to UTC.
    let standard: Int64
    let daylight: Daylight?

    func span(at instant: Int64) -> ZoneRules.Span {
        guard let daylight else { return ZoneRules.Span(start: .min, end: .max, offset: standard) }
        let year = CivilDate.components(ofDay: instant.flooredDivision(by: 86_400).quotient).year
        // Changes may lie a week outside their year.
        var changes: [(instant: Int64, offset: Int64)] = []
        for year in (year - 2)...(year + 2) {
            let start = daylight.start.day.number(in: year) * 86_400 + daylight.start.time - standard
            let end = daylight.end.day.number(in: year) * 86_400 + daylight.end.time - daylight.offset
            changes += [(start, daylight.offset), (end, standard)]
        }
        // Daylight saving time all year is written as an end at the very moment of the next start: the start counts.
        changes.sort { ($0.instant, $0.offset == daylight.offset ? 1 : 0) < ($1.instant, $1.offset == daylight.offset ? 1 : 0) }
        guard let current = changes.lastIndex(where: { $0.instant <= instant }), current + 1 < changes.count else {
            return ZoneRules.Span(start: .min, end: .max, offset: standard)
        }
        return ZoneRules.Span(start: changes[current].instant, end: changes[current + 1].instant, offset: changes[current].offset)
    }
}
