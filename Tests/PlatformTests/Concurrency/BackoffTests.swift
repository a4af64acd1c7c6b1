import Platform
import Testing

struct BackoffTests {
    @Test("Every delay is between the base and three times the one before, up to the cap") func bounds() {
        var backoff = Backoff(base: .milliseconds(10), cap: .seconds(2))
        var last: Duration = .milliseconds(10)
        var largest: Duration = .zero
        for _ in 0..<10_000 {
            let delay = backoff.next()
            #expect(delay >= .milliseconds(10) && delay <= min(.seconds(2), last * 3))
            last = delay
            largest = max(largest, delay)
        }
        #expect(largest == .seconds(2))
    }

    @Test("Two clients that fail together do not come back together") func jitter() {
        var (one, two) = (Backoff(base: .milliseconds(10), cap: .seconds(60)), Backoff(base: .milliseconds(10), cap: .seconds(60)))
        #expect((0..<5).map { _ in one.next() } != (0..<5).map { _ in two.next() })
    }

    @Test("Reset begins anew") func reset() {
        var backoff = Backoff(base: .milliseconds(10), cap: .seconds(60))
        for _ in 0..<20 { _ = backoff.next() }
        backoff.reset()
        #expect(backoff.next() <= .milliseconds(30))
    }

    @Test(
        "Without state the delay doubles with the attempt, up to the cap",
        arguments: [
            (1, 100), (0, 100), (-5, 100), (2, 200), (4, 800), (5, 1000), (1_000_000, 1000), (Int.max, 1000),
        ]) func attempts(attempt: Int, ceiling: Int)
    {
        let backoff = Backoff(base: .milliseconds(100), cap: .seconds(1))
        for _ in 0..<100 {
            let delay = backoff.delay(attempt: attempt)
            #expect(delay >= .milliseconds(ceiling) / 2 && delay <= .milliseconds(ceiling))
        }
    }
}
