/// What the queue remembers of a schedule, in the form in which it is kept: `<watermark>|<fired>|<schedule>`.
package struct ScheduleState: Sendable, Hashable {
    /// Ticks up to this one have been dealt with.
    package let watermark: Int64
    /// The last tick that fired, as it stands in ids; empty before the first.
    package let fired: String
    /// The description of the schedule by which the watermark was set.
    package let schedule: String

    package init(watermark: Int64, fired: String, schedule: String) {
        self.watermark = watermark
        self.fired = fired
        self.schedule = schedule
    }

    /// - Returns: nil for any other text, which then counts as nothing known.
    package init?(_ text: String) {
        let parts = text.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false)
        // Up to the year 33,000, so that no sum overflows.
        guard parts.count == 3, parts[0].utf8.count <= 12, let watermark = Int64(parts[0]), watermark >= 0 else { return nil }
        self.init(watermark: watermark, fired: String(parts[1]), schedule: String(parts[2]))
    }

    package var text: String { "\(watermark)|\(fired)|\(schedule)" }
}
