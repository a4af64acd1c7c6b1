package import FoundationEssentials
import Platform

/// How long what a mail brings is good for, in words.
package struct Validity: Sendable, CustomStringConvertible {
    private let start: Int64
    private let end: Int64

    /// - Parameter start: milliseconds since 1970.
    package init(from start: Int64, until end: Date) {
        self.start = start / 1000
        self.end = Int64(end.timeIntervalSince1970.rounded())
    }

    /// `for 5 minutes, until 14:05 UTC`. The span alone would be wrong in a mail that took its time, and of the reader's zone nothing
    /// is known.
    package var description: String {
        let minutes = max(1, (end - start + 30) / 60)
        let ofDay = end.flooredDivision(by: 86_400).remainder
        return "for \(minutes) minute\(minutes == 1 ? "" : "s"), until \(Self.two(ofDay / 3600)):\(Self.two(ofDay / 60 % 60)) UTC"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
