import Platform
import Testing

struct DurationTests {
    @Test(
        "Milliseconds are rounded up, and never overflow",
        arguments: [
            (Duration.zero, 0 as Int64), (.nanoseconds(1), 1), (.milliseconds(1), 1), (.nanoseconds(1_000_001), 2),
            (.nanoseconds(1_999_999_999), 2000), (.seconds(86_400), 86_400_000), (.nanoseconds(-1), 0), (.nanoseconds(-1_500_000), -1),
            (.milliseconds(-1), -1), (.nanoseconds(-2_000_000_001), -2000), (.seconds(Int64.max), .max), (.seconds(Int64.min), .min),
            (Duration.seconds(Int64.max / 1000) + .milliseconds(900), .max),
        ])
    func milliseconds(duration: Duration, expected: Int64) {
        #expect(duration.milliseconds == expected)
    }
}
