public import FoundationEssentials
import Platform

/// `timestamptz`: microseconds, proleptic Gregorian calendar, years 1 to 9999.
extension Date: PostgresScalar {
    public static var postgresType: PostgresType { .timestamptz }
    public static var postgresArrayType: PostgresType { .timestamptzArray }

    /// Rounds to the nearest microsecond; `.misuse` outside the years 1 to 9999.
    public func appendText(to text: inout [UInt8]) throws(PostgresError) {
        let microseconds = (timeIntervalSince1970 * 1_000_000).rounded()
        guard microseconds >= -62_135_596_800e6, microseconds < 253_402_300_800e6 else {
            throw PostgresError(.misuse, "a date parameter is outside the years 1 to 9999")
        }
        let (days, time) = Int64(microseconds).flooredDivision(by: 86_400_000_000)
        let (year, month, day) = CivilDate.components(ofDay: days)
        let seconds = time / 1_000_000
        func append(_ number: Int64, digits: Int, then separator: Character?) {
            var divisor: Int64 = (1..<digits).reduce(1) { power, _ in power * 10 }
            while divisor > 0 {
                text.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
                divisor /= 10
            }
            if let separator { text.append(contentsOf: separator.utf8) }
        }
        append(year, digits: 4, then: "-")
        append(month, digits: 2, then: "-")
        append(day, digits: 2, then: " ")
        append(seconds / 3600, digits: 2, then: ":")
        append(seconds / 60 % 60, digits: 2, then: ":")
        append(seconds % 60, digits: 2, then: ".")
        append(time % 1_000_000, digits: 6, then: "Z")
    }

    /// Reads the ISO style (`2026-01-31 08:00:00.123456+00`); a value without zone is taken as UTC. `infinity` and years
    /// before Christ are `.decoding` errors.
    public static func decode(_ cell: PostgresCell) throws(PostgresError) -> Date {
        var scanner = DigitScanner(try cell.content(for: Date.self))
        guard let year = scanner.number(digits: 4...6), scanner.skip("-"), let month = scanner.number(digits: 2...2), scanner.skip("-"),
            let day = scanner.number(digits: 2...2), scanner.skip(" "), let hour = scanner.number(digits: 2...2), scanner.skip(":"),
            let minute = scanner.number(digits: 2...2), scanner.skip(":"), let second = scanner.number(digits: 2...2),
            (1...12).contains(month), (1...31).contains(day), hour < 25, minute < 60, second < 61
        else { throw cell.mismatch(Date.self) }
        var microseconds: Int64 = 0
        if scanner.skip(".") {
            guard let fraction = scanner.fraction(digits: 6) else { throw cell.mismatch(Date.self) }
            microseconds = fraction
        }
        guard let offset = scanner.zoneOffset(), scanner.isAtEnd else { throw cell.mismatch(Date.self) }
        let seconds = CivilDate.day(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        return Date(timeIntervalSince1970: Double(seconds) + Double(microseconds) / 1_000_000)
    }
}

/// Reads digits and separators off the front of a text.
struct DigitScanner {
    private var rest: ArraySlice<UInt8>

    init(_ text: ArraySlice<UInt8>) {
        rest = text
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// A number of so many digits; `digits` stays below the 18 that always fit.
    mutating func number(digits: ClosedRange<Int>) -> Int64? {
        let run = rest.prefix(digits.upperBound).prefix { (0x30...0x39).contains($0) }
        guard run.count >= digits.lowerBound else { return nil }
        rest = rest.dropFirst(run.count)
        return run.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    /// A fraction of at most `digits` digits, in units of its last possible digit.
    mutating func fraction(digits: Int) -> Int64? {
        let before = rest.count
        guard let number = number(digits: 1...digits) else { return nil }
        return (before - rest.count..<digits).reduce(number) { value, _ in value * 10 }
    }

    /// `+hh`, `-hh:mm`, `+hh:mm:ss` or nothing, in seconds east of UTC.
    mutating func zoneOffset() -> Int64? {
        if isAtEnd { return 0 }
        let isWest = skip("-")
        guard isWest || skip("+"), var seconds = number(digits: 2...2).map({ $0 * 3600 }) else { return nil }
        for unit: Int64 in [60, 1] where skip(":") {
            guard let number = number(digits: 2...2) else { return nil }
            seconds += number * unit
        }
        return isWest ? -seconds : seconds
    }
}
