import Glibc

/// The present in UTC as RFC 3339 with milliseconds, `2025-01-31T23:59:59.999Z`, without Foundation or locale.
package enum Timestamp {
    package static func append(to bytes: inout [UInt8]) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        append(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000, to: &bytes)
    }

    /// - Parameter milliseconds: since 1970-01-01 UTC, years 0 to 9999.
    package static func append(milliseconds: Int64, to bytes: inout [UInt8]) {
        let (days, rest) = milliseconds.flooredDivision(by: 86_400_000)
        let date = civil(days: days)
        digits(date.year, 4, &bytes)
        bytes.append(UInt8(ascii: "-"))
        digits(date.month, 2, &bytes)
        bytes.append(UInt8(ascii: "-"))
        digits(date.day, 2, &bytes)
        bytes.append(UInt8(ascii: "T"))
        digits(rest / 3_600_000, 2, &bytes)
        bytes.append(UInt8(ascii: ":"))
        digits(rest / 60_000 % 60, 2, &bytes)
        bytes.append(UInt8(ascii: ":"))
        digits(rest / 1000 % 60, 2, &bytes)
        bytes.append(UInt8(ascii: "."))
        digits(rest % 1000, 3, &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// The Gregorian date of a day counted from 1970-01-01, reckoned in years that begin in March so that the leap day
    /// comes last, and in cycles of 400 years (146097 days).
    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (cycle, dayOfCycle) = (days + 719_468).flooredDivision(by: 146_097)
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func digits(_ value: Int64, _ count: Int, _ bytes: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<count { divisor *= 10 }
        while divisor > 0 {
            bytes.append(0x30 + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
