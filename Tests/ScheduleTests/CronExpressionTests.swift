import Jobs
import Testing

@Suite struct CronExpressionTests {
    struct Example: Sendable {
        let expression: String
        let after: String
        let ticks: [String]

        init(_ expression: String, _ after: String, _ ticks: String...) {
            (self.expression, self.after, self.ticks) = (expression, after, ticks)
        }
    }

    static let examples = [
        Example("* * * * *", "2026-11-23T03:00:59Z", "2026-11-23T03:01:00Z", "2026-11-23T03:02:00Z"),
        Example("*/20 * * * *", "2026-11-23T03:00:00Z", "2026-11-23T03:20:00Z", "2026-11-23T03:40:00Z", "2026-11-23T04:00:00Z"),
        Example("5-20/7 0 * * *", "2026-11-23T00:05:00Z", "2026-11-23T00:12:00Z", "2026-11-23T00:19:00Z", "2026-11-24T00:05:00Z"),
        Example("0 12 * * MON-fri", "2026-11-27T11:59:00Z", "2026-11-27T12:00:00Z", "2026-11-30T12:00:00Z"),
        Example(
            "0 0 * * 5-7", "2026-11-23T00:00:00Z", "2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z",
            "2026-12-04T00:00:00Z"),
        Example("0 0 * * sat-sun", "2026-11-23T00:00:00Z", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z", "2026-12-05T00:00:00Z"),
        Example("0 0 * * 0,7", "2026-11-23T00:00:00Z", "2026-11-29T00:00:00Z", "2026-12-06T00:00:00Z"),
        Example("30 4 1,15 * fri", "2026-11-23T00:00:00Z", "2026-11-27T04:30:00Z", "2026-12-01T04:30:00Z", "2026-12-04T04:30:00Z"),
        Example("0 0 */10 * fri", "2026-11-23T00:00:00Z", "2026-12-11T00:00:00Z", "2027-01-01T00:00:00Z"),
        Example("0 0 29 2 *", "2026-11-23T00:00:00Z", "2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"),
        Example("0 0 29 feb *", "2097-01-01T00:00:00Z", "2104-02-29T00:00:00Z"),
        Example("0 0 31 * *", "2026-11-23T00:00:00Z", "2026-12-31T00:00:00Z", "2027-01-31T00:00:00Z", "2027-03-31T00:00:00Z"),
        Example("59 23 31 12 *", "2026-11-23T00:00:00Z", "2026-12-31T23:59:00Z", "2027-12-31T23:59:00Z"),
        Example(" 0\t9-17/4  * jan,Jul 1 ", "2026-11-23T00:00:00Z", "2027-01-04T09:00:00Z", "2027-01-04T13:00:00Z", "2027-01-04T17:00:00Z"),
        Example("@hourly", "2026-11-23T03:00:00Z", "2026-11-23T04:00:00Z"),
        Example("@Daily", "2026-11-23T03:00:00Z", "2026-11-24T00:00:00Z"),
        Example("@midnight", "2026-11-23T03:00:00Z", "2026-11-24T00:00:00Z"),
        Example("@weekly", "2026-11-23T03:00:00Z", "2026-11-29T00:00:00Z"),
        Example("@monthly", "2026-11-23T03:00:00Z", "2026-12-01T00:00:00Z"),
        Example("@yearly", "2026-11-23T03:00:00Z", "2027-01-01T00:00:00Z"),
        Example("@annually", "2026-11-23T03:00:00Z", "2027-01-01T00:00:00Z"),
    ]

    @Test("expressions tick when crontab(5) says", arguments: examples)
    func ticks(_ example: Example) throws {
        let schedule = try Schedule.cron(example.expression, zone: "UTC")
        #expect(try schedule.ticks(after: example.after, example.ticks.count) == example.ticks, "\(example.expression)")
    }

    struct Refusal: Sendable {
        let expression: String
        let code: ScheduleError.Code
        let field: CronField?
        let position: Int

        init(_ expression: String, _ code: ScheduleError.Code, _ field: CronField?, _ position: Int) {
            (self.expression, self.code, self.field, self.position) = (expression, code, field, position)
        }
    }

    static let refusals = [
        Refusal("", .syntax, nil, 1),
        Refusal("* * * *", .syntax, nil, 8),
        Refusal("0 * * * * *", .syntax, nil, 11),
        Refusal("60 * * * *", .outOfRange, .minute, 1),
        Refusal("* 24 * * *", .outOfRange, .hour, 3),
        Refusal("* * 0 * *", .outOfRange, .dayOfMonth, 5),
        Refusal("* * 1,32 * *", .outOfRange, .dayOfMonth, 7),
        Refusal("* * * 13 *", .outOfRange, .month, 7),
        Refusal("* * * * 8", .outOfRange, .dayOfWeek, 9),
        Refusal("99999999999999999999 * * * *", .outOfRange, .minute, 1),
        Refusal("*/0 * * * *", .outOfRange, .minute, 3),
        Refusal("*/90 * * * *", .outOfRange, .minute, 3),
        Refusal("5/15 * * * *", .syntax, .minute, 2),
        Refusal("*/ * * * *", .syntax, .minute, 3),
        Refusal("1- * * * *", .syntax, .minute, 3),
        Refusal(",1 * * * *", .syntax, .minute, 1),
        Refusal("1,,2 * * * *", .syntax, .minute, 3),
        Refusal("-5 * * * *", .syntax, .minute, 1),
        Refusal("*5 * * * *", .syntax, .minute, 2),
        Refusal("0 22-2 * * *", .outOfRange, .hour, 3),
        Refusal("0 0 * nov-feb *", .outOfRange, .month, 7),
        Refusal("0 0 * * monday", .syntax, .dayOfWeek, 9),
        Refusal("0 0 L * *", .syntax, .dayOfMonth, 5),
        Refusal("0 0 ? * 1", .syntax, .dayOfMonth, 5),
        Refusal("0 mon * * *", .syntax, .hour, 3),
        Refusal("0 0 * * 5#2", .syntax, .dayOfWeek, 10),
        Refusal("0 0 ２ * *", .syntax, .dayOfMonth, 5),
        Refusal("@reboot", .syntax, nil, 1),
        Refusal("@daily 5", .syntax, nil, 8),
        Refusal("0 0 30 2 *", .neverFires, .dayOfMonth, 5),
        Refusal("0 0 31 2,4,6,9,11 *", .neverFires, .dayOfMonth, 5),
        Refusal(String(repeating: "1,", count: 600) + "1 * * * *", .syntax, nil, 1001),
    ]

    @Test("what is wrong is refused with its field and place", arguments: refusals)
    func refuses(_ refusal: Refusal) throws {
        let error = #expect(throws: ScheduleError.self) { try CronExpression(refusal.expression) }
        #expect(error?.code == refusal.code)
        #expect(error?.field == refusal.field)
        #expect(error?.position == refusal.position)
        if let text = error?.description { #expect(text.contains("character \(refusal.position)")) }
    }

    @Test func whatMeansTheSameIsTheSame() throws {
        #expect(try CronExpression("@hourly") == CronExpression("0 *  * * *"))
        #expect(try CronExpression("0 0 * * MON").description == "0 0 * * mon")
        #expect(try Schedule.cron("@daily", zone: "UTC").description == "0 0 * * * UTC")
        #expect(try Schedule.every(.milliseconds(1700)).description == "every 1 s")
    }

    @Test func anIntervalTicksAtItsMultiples() throws {
        let schedule = try Schedule.every(.seconds(90))
        #expect(schedule.next(after: 0) == 90)
        #expect(schedule.next(after: 89) == 90)
        #expect(schedule.next(after: 90) == 180)
        #expect(schedule.last(after: 0, through: 1000) == 990)
        #expect(schedule.last(after: 990, through: 1079) == nil)
        for interval in [Duration.zero, .milliseconds(999), .seconds(-5), .seconds(4000 * 86_400)] {
            let error = #expect(throws: ScheduleError.self) { try Schedule.every(interval) }
            #expect(error?.code == .invalidInterval)
        }
    }

    @Test func anInstantFarAwayHasNoTick() throws {
        let expression = try CronExpression("@hourly")
        for instant in [Int64.min, -(1 << 60), 1 << 60, .max] { #expect(expression.next(after: instant, in: .utc) == nil) }
    }

    @Test func idsTellTheirTick() throws {
        #expect(ScheduledJob.text(of: 1_795_404_600) == "2026-11-23T03:30:00Z")
        #expect(ScheduledJob.tick(ofID: "a@b@2026-11-23T03:30:00Z") == 1_795_404_600)
        let others = [
            "", "a", "a@", "a@2026-11-23T03:30:00", "a@2026-13-23T03:30:00Z", "a@2026-02-30T03:30:00Z", "a@2026-11-23 03:30:00Z",
            "a@2026-11-23T24:30:00Z", "a@20261-1-23T03:30:00Z", "a@9999999999-1-1T1:1:1", "a@-026-11-23T03:30:00Z",
        ]
        for id in others { #expect(ScheduledJob.tick(ofID: id) == nil, "\(id)") }
    }
}
