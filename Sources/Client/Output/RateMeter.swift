/// How fast bytes or files went in the last ten seconds.
package struct RateMeter: Sendable {
    private static let span: Duration = .seconds(10)

    private var samples: [(time: Duration, count: Int64)] = []

    package init() {}

    /// - Parameters:
    ///   - count: how many have gone in all.
    ///   - time: since any moment, the same for all samples.
    package mutating func add(_ count: Int64, at time: Duration) {
        samples.append((time, count))
        while samples.count > 2, time - samples[1].time >= Self.span { samples.removeFirst() }
    }

    /// How many a second; nil until there is something to compare.
    package var rate: Double? {
        guard let first = samples.first, let last = samples.last else { return nil }
        let seconds = (last.time - first.time) / .seconds(1)
        return seconds > 0 ? Double(last.count - first.count) / seconds : nil
    }

    /// How long as many more take; nil when nothing moves.
    package func time(for count: Int64) -> Duration? {
        guard let rate, rate > 0 else { return nil }
        return .seconds(min(1e9, Double(max(0, count)) / rate))
    }
}
