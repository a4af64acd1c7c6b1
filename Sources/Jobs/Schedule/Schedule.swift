import Platform

/// When something happens again and again. Its ticks are instants in whole seconds since 1970.
public struct Schedule: Sendable, CustomStringConvertible {
    enum Kind: Sendable {
        /// Seconds.
        case interval(Int64)
        case cron(CronExpression, ZoneRules)
    }

    private static let longestInterval: Duration = .seconds(3650 * 86_400)

    let kind: Kind

    /// Ticks at the multiples of an interval since 1970-01-01 00:00 UTC.
    /// - Parameter interval: a second to ten years; a fraction of a second is left out.
    /// - Throws: `.invalidInterval`.
    public static func every(_ interval: Duration) throws(ScheduleError) -> Schedule {
        guard interval >= .seconds(1), interval <= longestInterval else {
            throw ScheduleError(.invalidInterval, "an interval is a second to ten years")
        }
        return Schedule(kind: .interval(interval.components.seconds))
    }

    /// Ticks at points in the local time of a zone; what happens when clocks are changed is said at `CronExpression.next`.
    /// - Parameters:
    ///   - expression: for instance `30 2 * * mon-fri` or `@hourly`.
    ///   - zone: an IANA name such as `Europe/Berlin`. Its file is read here: call this when the program starts.
    /// - Throws: what `CronExpression` and `ZoneRules` throw.
    public static func cron(_ expression: String, zone: String) throws(ScheduleError) -> Schedule {
        Schedule(kind: .cron(try CronExpression(expression), try ZoneRules(zone)))
    }

    package static func cron(_ expression: CronExpression, zone: ZoneRules) -> Schedule { Schedule(kind: .cron(expression, zone)) }

    /// What makes it another schedule when it changes, for instance `every 30 s` or `0 3 * * * Europe/Berlin`.
    public var description: String {
        switch kind {
        case .interval(let seconds): "every \(seconds) s"
        case .cron(let expression, let zone): "\(expression) \(zone.identifier)"
        }
    }

    /// The first tick behind an instant.
    /// - Returns: nil when there is none within 400 years.
    public func next(after instant: Int64) -> Int64? {
        switch kind {
        case .interval(let seconds): (instant.flooredDivision(by: seconds).quotient + 1) * seconds
        case .cron(let expression, let zone): expression.next(after: instant, in: zone)
        }
    }

    /// The last tick behind `start` that is not behind `end`: some thirty steps, however many ticks lie between.
    package func last(after start: Int64, through end: Int64) -> Int64? {
        guard start < end, var tick = next(after: start), tick <= end else { return nil }
        // A tick follows `low` and none follows `high`, up to the end.
        var (low, high) = (tick - 1, end)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if let later = next(after: middle), later <= end { (tick, low) = (later, later - 1) } else { high = middle }
        }
        return tick
    }

    /// How many ticks lie behind `start` and not behind `end`, counted up to a limit.
    package func count(after start: Int64, through end: Int64, upTo limit: Int) -> Int {
        var (found, last) = (0, start)
        while found < limit, let tick = next(after: last), tick <= end { (found, last) = (found + 1, tick) }
        return found
    }
}
