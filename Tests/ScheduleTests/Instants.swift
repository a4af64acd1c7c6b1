import Jobs
import Testing

/// Seconds since 1970 of a time such as `2026-03-29T01:00:00Z`.
func instant(_ text: String) throws -> Int64 { try #require(ScheduledJob.tick(ofID: "@" + text)) }

extension Schedule {
    /// The ticks behind an instant, as they stand in ids.
    func ticks(after text: String, _ count: Int) throws -> [String] {
        var (found, last) = ([String](), try instant(text))
        while found.count < count, let tick = next(after: last) {
            found.append(ScheduledJob.text(of: tick))
            last = tick
        }
        return found
    }
}
