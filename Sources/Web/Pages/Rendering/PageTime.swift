package import FoundationEssentials
import Platform

/// Moments and spans in words. Scripts show moments again in the person's own zone.
package enum PageTime {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `2026-05-03T12:02:00.000Z`
    package static func iso(_ moment: Date) -> String {
        var bytes: [UInt8] = []
        Timestamp.append(milliseconds: milliseconds(moment), to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `3 May 2026, 12:02 UTC`
    package static func text(_ moment: Date) -> String {
        let minutes = milliseconds(moment).flooredDivision(by: 86_400_000).remainder / 60_000
        return "\(date(moment)), \(twoDigits(minutes / 60)):\(twoDigits(minutes % 60)) UTC"
    }

    /// `3 May 2026`
    package static func date(_ moment: Date) -> String {
        let date = CivilDate.components(ofDay: milliseconds(moment).flooredDivision(by: 86_400_000).quotient)
        return "\(date.day) \(months[Int(date.month) - 1]) \(date.year)"
    }

    /// Whole seconds until a moment, rounded up; 0 when it has passed.
    package static func seconds(from now: Date, to end: Date) -> Int {
        Int(max(0, min(end.timeIntervalSince(now), 1e9)).rounded(.up))
    }

    /// `45 seconds`, `1 minute`, `4 minutes 32 seconds`, `12 hours`
    package static func span(_ seconds: Int) -> String {
        let parts = [(seconds / 3600, "hour"), (seconds / 60 % 60, "minute"), (seconds % 60, "second")]
        let words = parts.filter { $0.0 > 0 }.prefix(2).map { count, unit in "\(count) \(unit)\(count == 1 ? "" : "s")" }
        return words.isEmpty ? "0 seconds" : words.joined(separator: " ")
    }

    static func milliseconds(_ moment: Date) -> Int64 {
        // Years that no clock of ours shows are cut, so that nothing stored can overflow here.
        Int64((max(-6e10, min(moment.timeIntervalSince1970, 2.5e11)) * 1000).rounded())
    }

    private static func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
