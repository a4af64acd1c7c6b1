import Jobs
import Testing

/// What happens to local times that are left out or repeated; `docs/queue.md` states the rule.
@Suite struct DaylightSavingTests {
    struct Example: Sendable {
        let what: String
        let expression: String
        let zone: String
        let after: String
        let ticks: [String]

        init(_ what: String, _ expression: String, _ zone: String, _ after: String, _ ticks: String...) {
            (self.what, self.expression, self.zone, self.after, self.ticks) = (what, expression, zone, after, ticks)
        }
    }

    static let examples = [
        Example(
            "a time that is left out ticks at the jump", "30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z",
            "2026-03-30T00:30:00Z"),
        Example(
            "a time that is repeated ticks in the first pass", "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
            "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
        Example(
            "what ticks all day ticks in both passes", "*/30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z",
            "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z"),
        Example(
            "what ticks all day has no place in what is left out", "*/30 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z",
            "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"),
        Example(
            "0-23 is all day", "0 0-23 * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"),
        Example(
            "several times that are left out are one tick", "0,30 1-3 * * *", "Europe/Berlin", "2026-03-29T00:29:00Z",
            "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-29T23:00:00Z"),
        Example(
            "named hours tick once a day", "0,30 1-3 * * *", "Europe/Berlin", "2026-10-24T23:29:00Z", "2026-10-24T23:30:00Z",
            "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z", "2026-10-25T02:30:00Z"),
        Example(
            "every other hour is not every hour, spring", "0 */2 * * *", "Europe/Berlin", "2026-03-28T22:59:00Z", "2026-03-28T23:00:00Z",
            "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"),
        Example(
            "every other hour is not every hour, autumn", "0 */2 * * *", "Europe/Berlin", "2026-10-24T21:59:00Z", "2026-10-24T22:00:00Z",
            "2026-10-25T00:00:00Z", "2026-10-25T03:00:00Z"),
        Example(
            "the second pass is not taken for the first", "30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", "2026-10-26T01:30:00Z"),
        Example(
            "New York, spring", "30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"),
        Example(
            "New York, autumn", "30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"),
        Example(
            "half an hour left out", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z",
            "2026-10-04T15:15:00Z"),
        Example(
            "half an hour repeated", "45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", "2026-04-04T14:45:00Z",
            "2026-04-05T15:15:00Z"),
        Example(
            "midnight left out", "0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"),
        Example(
            "a whole day left out", "0 2 * * *", "Pacific/Apia", "2011-12-29T13:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T12:00:00Z"),
        Example(
            "no daylight saving time", "0 9 * * mon", "Asia/Kolkata", "2026-11-22T00:00:00Z", "2026-11-23T03:30:00Z", "2026-11-30T03:30:00Z"
        ),
        Example("behind the last year of the file", "30 2 * * *", "Europe/Berlin", "2099-03-28T12:00:00Z", "2099-03-29T01:00:00Z"),
    ]

    @Test("clocks that are put forward or back", arguments: examples)
    func ticks(_ example: Example) throws {
        let schedule = try Schedule.cron(example.expression, zone: example.zone)
        #expect(try schedule.ticks(after: example.after, example.ticks.count) == example.ticks, "\(example.what)")
    }
}
