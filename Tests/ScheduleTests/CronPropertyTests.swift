import Jobs
import TestSupport
import Testing

/// Random expressions against a walk through every minute.
@Suite(.timeLimit(.minutes(2 * Patience.factor))) struct CronPropertyTests {
    /// Minutes of which the walk knows what clocks show.
    private static let length = 6 * 1440

    /// All ticks of a window, by a clock hand that goes from minute to minute: what it passes over ticks when it arrives, what it shows
    /// again does not. Where all hours are named only what it shows counts.
    private func walk(_ cron: RandomCron, _ zone: ZoneRules, from start: Int64) -> [Int64] {
        var ticks: [Int64] = []
        var reached = Int((start + zone.offset(at: start)) / 60)
        for step in 1...Self.length {
            let now = start + Int64(step) * 60
            let shown = Int((now + zone.offset(at: now)) / 60)
            if cron.namesHours {
                if shown > reached, (reached + 1...shown).contains(where: { cron.matches(minute: $0) }) { ticks.append(now) }
                reached = max(reached, shown)
            } else if cron.matches(minute: shown) {
                ticks.append(now)
            }
        }
        return ticks
    }

    /// Days on which clocks change in one of the zones: starts of windows of six days around them.
    private static let changes = [
        "2026-03-06T00:00:00Z", "2026-03-27T00:00:00Z", "2026-10-01T12:00:00Z", "2026-10-23T00:00:00Z", "2026-10-30T07:00:00Z",
        "2026-04-02T00:00:00Z", "2026-09-03T18:00:00Z", "2011-12-28T00:00:00Z", "2050-03-26T01:00:00Z",
    ]

    @Test(
        "next(after:) is what a walk through all minutes finds",
        arguments: [
            "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Europe/Dublin", "America/Santiago",
            "Pacific/Apia", "Africa/Cairo",
        ])
    func next(_ name: String) throws {
        let zone = try ZoneRules(name)
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(state: seed)
        var compared = 0
        for round in 0..<150 {
            let cron = RandomCron(days: 25, using: &generator)
            guard let expression = try? CronExpression(cron.text) else { continue }
            let place = round % 3 == 0 ? "2028-06-01T00:00:00Z" : try #require(Self.changes.randomElement(using: &generator))
            // The walk begins before clocks change, so that its hand knows what it has passed.
            let start = try instant(place) + Int64.random(in: 0...720, using: &generator) * 60
            let expected = walk(cron, zone, from: start)
            let end = start + Int64(Self.length) * 60
            let schedule = Schedule.cron(expression, zone: zone)
            var (found, last) = ([Int64](), start)
            while let tick = schedule.next(after: last), tick <= end { (found, last) = (found + [tick], tick) }
            compared += found.count
            let note: Comment = "seed \(seed), \(cron.text) from \(place)"
            try #require(found == expected, note)
            try #require(schedule.last(after: start, through: end) == expected.last, note)
            try #require(schedule.count(after: start, through: end, upTo: 50) == min(50, expected.count), note)
            for _ in 0..<20 {
                let moment = Int64.random(in: start..<end, using: &generator)
                let following = expected.first { $0 > moment }
                let tick = schedule.next(after: moment)
                try #require(following == nil ? tick.map { $0 > end } ?? true : tick == following, note)
            }
        }
        print("cron: \(compared) ticks in \(name) compared with a walk")
        #expect(compared > 1000)
    }

    @Test func daysAreWhatAWalkThroughAllDaysFinds() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(state: seed)
        let (first, last) = (20_000, 20_000 + 12 * 366)
        var compared = 0
        for _ in 0..<300 {
            let cron = RandomCron(days: 60, using: &generator)
            let text = "0 12 " + cron.text.split(separator: " ").dropFirst(2).joined(separator: " ")
            let expected = (first..<last).filter { cron.matches(day: $0) }.map { Int64($0) * 86_400 + 43_200 }
            guard let expression = try? CronExpression(text) else {
                #expect(expected.isEmpty, "seed \(seed), \(text)")
                continue
            }
            var (found, tick) = ([Int64](), Int64(first) * 86_400)
            while let next = expression.next(after: tick, in: .utc), next < Int64(last) * 86_400 { (found, tick) = (found + [next], next) }
            compared += found.count
            try #require(found == expected, "seed \(seed), \(text)")
        }
        print("cron: \(compared) days compared with a walk")
        #expect(compared > 10_000)
    }
}
