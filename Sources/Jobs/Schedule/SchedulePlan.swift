/// What is to happen to a schedule in one step: computed by a worker from what the queue told it, carried out by the queue if
/// that still holds, by its own clock. So neither the clocks of workers nor their number matter.
package struct SchedulePlan: Sendable, Hashable {
    /// The state it was made from, as it is kept; it holds only while that has not changed. Empty when there was none.
    package let seen: String
    /// Server milliseconds between which it holds: all its ticks are past, and no other has come or become too late.
    package let holds: Range<Int64>
    package let watermark: Int64
    /// To be fired, in their order; none when ticks are only passed over, or the schedule is made known.
    package let ticks: [Int64]
    /// Ticks that are passed over for having been missed, counted up to 1000.
    package let missed: Int

    package init(seen: String, holds: Range<Int64>, watermark: Int64, ticks: [Int64], missed: Int) {
        self.seen = seen
        self.holds = holds
        self.watermark = watermark
        self.ticks = ticks
        self.missed = missed
    }
}

/// What the queue says to a plan, or to the question how a schedule stands.
package struct TickReply: Sendable, Hashable {
    /// Whether the plan held and was carried out.
    package let isHeld: Bool
    package let fired: Int
    /// Ticks that did not fire for the job of an earlier one.
    package let overlapped: Int
    /// Milliseconds since 1970, by the clock of the queue.
    package let now: Int64
    /// Empty where nothing is known of the schedule.
    package let state: String

    package init(isHeld: Bool, fired: Int, overlapped: Int, now: Int64, state: String) {
        self.isHeld = isHeld
        self.fired = fired
        self.overlapped = overlapped
        self.now = now
        self.state = state
    }
}
