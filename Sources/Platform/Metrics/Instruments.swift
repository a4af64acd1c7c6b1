import CoreMetrics

/// Something with a value that can be rendered.
protocol Instrument: AnyObject, Sendable {
    func render(_ name: String, _ labels: String, into text: inout PrometheusText)
}

/// A counter for whole amounts and for fractions. Negative amounts and NaN are ignored, as a counter never falls.
final class CounterInstrument: Instrument, CounterHandler, FloatingPointCounterHandler {
    private let whole = CountCell()
    private let fraction = NumberCell()

    func increment(by amount: Int64) {
        if amount > 0 { whole.add(UInt64(amount)) }
    }

    func increment(by amount: Double) {
        if amount > 0 { fraction.add(amount) }
    }

    func reset() {
        whole.reset()
        fraction.set(0)
    }

    func render(_ name: String, _ labels: String, into text: inout PrometheusText) {
        let fraction = fraction.value
        text.sample(name, labels, fraction == 0 ? String(whole.value) : PrometheusText.number(Double(whole.value) + fraction))
    }
}

/// A value that goes up and down.
final class GaugeInstrument: Instrument, MeterHandler, RecorderHandler {
    private let number = NumberCell()

    func set(_ value: Int64) { number.set(Double(value)) }
    func set(_ value: Double) { number.set(value) }
    func increment(by amount: Double) { number.add(amount) }
    func decrement(by amount: Double) { number.add(-amount) }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    func render(_ name: String, _ labels: String, into text: inout PrometheusText) {
        text.sample(name, labels, PrometheusText.number(number.value))
    }
}

/// A distribution over fixed buckets.
final class HistogramInstrument: Instrument, RecorderHandler, TimerHandler {
    /// Seconds, for timers: from a Redis round trip to a large transfer.
    static let seconds: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800,
    ]
    /// Everything else: batch sizes to bytes.
    static let amounts: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11]

    private let bounds: [Double]
    /// One more than bounds; the last counts what exceeds them all.
    private let cells: [CountCell]
    private let sum = NumberCell()

    init(bounds: [Double]) {
        self.bounds = bounds
        cells = (0...bounds.count).map { _ in CountCell() }
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        cells[index].add(1)
        sum.add(value)
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func render(_ name: String, _ labels: String, into text: inout PrometheusText) {
        var total: UInt64 = 0
        let separator = labels.isEmpty ? "" : ","
        for (index, cell) in cells.enumerated() {
            total += cell.value
            let bound = index < bounds.count ? PrometheusText.number(bounds[index]) : "+Inf"
            text.sample(name + "_bucket", "\(labels)\(separator)le=\"\(bound)\"", String(total))
        }
        text.sample(name + "_sum", labels, PrometheusText.number(sum.value))
        text.sample(name + "_count", labels, String(total))
    }
}
