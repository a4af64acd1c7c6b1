/// Delays between tries of something that fails, with decorrelated jitter.
///
/// Each delay is drawn between `base` and three times the one before, up to `cap`, so that many clients that failed
/// together do not come back together ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
public struct Backoff: Sendable {
    public let base: Duration
    public let cap: Duration
    private var last: Duration

    /// - Precondition: `0 < base ≤ cap`.
    public init(base: Duration, cap: Duration) {
        precondition(base > .zero && base <= cap, "a backoff needs 0 < base ≤ cap")
        self.base = base
        self.cap = cap
        last = base
    }

    /// The next delay. The first is between `base` and three times `base`.
    public mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return next(using: &generator)
    }

    public mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let span = last * 3 - base
        last = min(cap, base + span * Double.random(in: 0...1, using: &generator))
        return last
    }

    /// Forgets past failures; to be called after a success.
    public mutating func reset() {
        last = base
    }

    /// The delay before try number `attempt` (1 = the first retry) when no state is kept between tries: drawn between
    /// half and the whole of `base · 2^(attempt−1)`, up to `cap`.
    public func delay(attempt: Int) -> Duration {
        let ceiling = min(cap, base * (1 << min(max(attempt, 1) - 1, 30)))
        return ceiling * Double.random(in: 0.5...1)
    }
}
