extension CronExpression {
    private static let farthest: Int64 = 10_000 * 366 * 86_400

    /// The first tick behind an instant; both in seconds since 1970.
    ///
    /// Where clocks are put forward or back (`docs/queue.md` has the reasons):
    /// - an expression of certain hours ticks once for each local time it names: at its first occurrence, or, when the local
    ///   time is left out, at the moment the clocks jump;
    /// - one of every hour ticks at each moment whose local time matches: in both passes of a repeated hour, not in one that is
    ///   left out.
    ///
    /// - Returns: nil when there is none within 400 years, or the instant is 10,000 years or more from 1970.
    public func next(after instant: Int64, in zone: ZoneRules) -> Int64? {
        guard (-Self.farthest...Self.farthest).contains(instant) else { return nil }
        return isHourly ? nextMatching(after: instant, zone) : nextNamed(after: instant, zone)
    }

    private func nextNamed(after instant: Int64, _ zone: ZoneRules) -> Int64? {
        // No later local time comes at an earlier instant, so the search may start with the present one.
        var local = instant + zone.span(at: instant).offset
        while let next = self.local(after: local) {
            let found = zone.instant(ofLocal: next)
            if found > instant { return found }
            local = next
        }
        return nil
    }

    private func nextMatching(after instant: Int64, _ zone: ZoneRules) -> Int64? {
        let end = instant + 400 * 366 * 86_400
        var start = instant + 1
        while start < end {
            let span = zone.span(at: start)
            guard let local = local(after: start + span.offset - 1) else { return nil }
            if local - span.offset < span.end { return local - span.offset }
            start = span.end
        }
        return nil
    }
}
