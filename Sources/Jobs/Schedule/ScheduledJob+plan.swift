extension ScheduledJob {
    package enum Step: Sendable, Hashable {
        /// Nothing is due before this tick; nil means that there is none.
        case wait(until: Int64?)
        case fire(SchedulePlan)
    }

    /// A new or changed schedule takes up ticks of the last seconds, so that none is lost in the moment of the change.
    private static let takeUp: Int64 = 10
    /// A clock that is set back by more makes the schedule start anew; within it ticks are not repeated.
    private static let longestSetback: Int64 = 3600
    private static let mostCounted = 1000

    /// What to do about the schedule.
    /// - Parameters:
    ///   - text: the state as the queue told it.
    ///   - now: milliseconds since 1970, by the clock of the queue.
    package func step(seeing text: String, at now: Int64) -> Step {
        let second = now / 1000
        let state = ScheduleState(text)
        let start = start(after: state, at: second)
        guard let latest = schedule.last(after: start.watermark, through: second) else {
            let next = schedule.next(after: max(start.watermark, second))
            if start.isKnown { return .wait(until: next) }
            // Made known, so that from now on its ticks can be missed.
            return .fire(plan(text, now..<Self.milliseconds(next), start.watermark))
        }
        var (ticks, end) = ([latest], schedule.next(after: latest))
        switch catchUp {
        case .once: break
        case .skip(let limit):
            let tooLate = latest + limit.components.seconds + 1
            if second < tooLate { end = end.map { min($0, tooLate) } ?? tooLate } else { ticks = [] }
        case .each(let limit):
            // A schedule that is not the one of before has missed nothing.
            while start.isKnown, ticks.count < limit, let earlier = schedule.last(after: start.watermark, through: ticks[0] - 1) {
                ticks.insert(earlier, at: 0)
            }
        }
        let due = start.isKnown ? schedule.count(after: start.watermark, through: latest, upTo: Self.mostCounted) : ticks.count
        return .fire(plan(text, latest * 1000..<Self.milliseconds(end), latest, ticks, missed: max(0, due - ticks.count)))
    }

    /// From where on ticks are due, and whether the schedule is the one that the state tells of.
    private func start(after state: ScheduleState?, at second: Int64) -> (watermark: Int64, isKnown: Bool) {
        let past = state.flatMap { $0.watermark <= second + Self.longestSetback ? $0 : nil }
        if let past, past.schedule == schedule.description { return (past.watermark, true) }
        // The first tick of an interval is at once, as it is after Redis was emptied.
        if past == nil, case .interval(let length) = schedule.kind { return (max(0, second - length), false) }
        return (max(past?.watermark ?? 0, second - Self.takeUp), false)
    }

    private func plan(_ seen: String, _ holds: Range<Int64>, _ watermark: Int64, _ ticks: [Int64] = [], missed: Int = 0) -> SchedulePlan {
        SchedulePlan(seen: seen, holds: holds, watermark: watermark, ticks: ticks, missed: missed)
    }

    private static func milliseconds(_ tick: Int64?) -> Int64 { tick.map { $0 * 1000 } ?? .max }
}
