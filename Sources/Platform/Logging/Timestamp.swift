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
        let date = CivilDate.components(ofDay: days)
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

    private static func digits(_ value: Int64, _ count: Int, _ bytes: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<count { divisor *= 10 }
        while divisor > 0 {
            bytes.append(0x30 + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }
}
