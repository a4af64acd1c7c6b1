import Platform

/// The moment at which an upload expires, as the field Upload-Expires has it: an IMF-fixdate (RFC 9110, section 5.6.7).
package enum UploadExpiry {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// - Parameter seconds: since 1970-01-01 UTC, which was a Thursday.
    package static func text(seconds: Int64) -> String {
        let (day, second) = seconds.flooredDivision(by: 86_400)
        let date = CivilDate.components(ofDay: day)
        let weekday = weekdays[Int(day.flooredDivision(by: 7).remainder)]
        let time = [second / 3600, second / 60 % 60, second % 60].map(twoDigits).joined(separator: ":")
        return "\(weekday), \(twoDigits(date.day)) \(months[Int(date.month) - 1]) \(date.year) \(time) GMT"
    }

    private static func twoDigits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
