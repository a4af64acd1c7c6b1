package import FoundationEssentials
package import Platform

/// The dates in listings and mail headers: no time zones, no locale, no formatter.
extension CivilDate {
    package static let monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    /// - Returns: nil when a number is out of its range.
    package static func date(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) -> Date? {
        guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
            (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        let days = Int(self.day(year: Int64(year), month: Int64(month), day: Int64(day)))
        return Date(timeIntervalSince1970: Double(((days * 24 + hour) * 60 + minute) * 60 + second))
    }

    /// `Sun, 22 Nov 2026 21:00:00 +0000` (RFC 5322, 3.3).
    package static func mailDate(_ date: Date) -> String {
        let (days, rest) = Int64(date.timeIntervalSince1970.rounded(.down)).flooredDivision(by: 86_400)
        let (year, month, day) = components(ofDay: days)
        let weekday = (days + 4).flooredDivision(by: 7).remainder
        let time = [rest / 3600, rest / 60 % 60, rest % 60].map(twoDigits).joined(separator: ":")
        return "\(dayNames[Int(weekday)]), \(twoDigits(day)) \(monthNames[Int(month) - 1]) \(year) \(time) +0000"
    }

    private static func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
