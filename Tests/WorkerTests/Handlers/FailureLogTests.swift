import Testing
import Worker

@Suite("Failure log")
struct FailureLogTests {
    @Test("each kind of failure is told once in an interval, and however many kinds there are, what is kept stays bounded")
    func once() {
        let log = FailureLog(interval: .seconds(60))
        let start = ContinuousClock.now
        #expect(log.isDue("550", at: start))
        #expect(!log.isDue("550", at: start + .seconds(59)))
        #expect(log.isDue("421", at: start + .seconds(59)))
        #expect(log.isDue("550", at: start + .seconds(60)))
        for number in 0..<1000 { #expect(log.isDue("kind \(number)", at: start + .seconds(61) + .milliseconds(number))) }
        #expect(log.isDue("550", at: start + .seconds(63)), "forgotten for the many, hence told again")
        #expect(!log.isDue("kind 999", at: start + .seconds(63)))
    }
}
