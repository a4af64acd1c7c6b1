public import CoreMetrics
import Synchronization

/// Keeps the metrics of this process and renders them for Prometheus.
///
/// Looking a metric up takes a lock; using it (`increment`, `record`) takes atomic additions only, so a metric is best
/// made once and kept. Names follow the Prometheus conventions: counters end in `_total`, timers in `_seconds`
/// (appended when missing). Timers and aggregating recorders are histograms with fixed buckets; recorders that do not
/// aggregate, and meters, are gauges.
///
/// A metric has at most `maximumSeries` combinations of label values. Further ones are counted together under the
/// value `other`, so that totals stay right and a hostile label cannot fill the memory. `destroy` keeps the series, since
/// other holders of the same metric may still use it.
public final class PrometheusRegistry: MetricsFactory {
    private enum Kind: String {
        case counter, gauge, histogram
    }

    private struct Family {
        let kind: Kind
        var series: [String: any Instrument] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var help: [String: String] = [:]
        var collectors: [@Sendable () -> [Sample]] = []
    }

    /// A value that is measured when the page is rendered.
    public struct Sample: Sendable {
        public enum Kind: String, Sendable {
            case counter, gauge
        }

        let name: String
        let kind: Kind
        let help: String
        let labels: [(String, String)]
        let value: Double

        public init(_ name: String, _ kind: Kind, help: String, labels: [(String, String)] = [], value: Double) {
            self.name = name
            self.kind = kind
            self.help = help
            self.labels = labels
            self.value = value
        }
    }

    private let maximumSeries: Int
    private let maximumFamilies = 1000
    private let state = Mutex(State())

    /// - Parameter maximumSeries: combinations of label values that one metric may have.
    public init(maximumSeries: Int = 200) {
        precondition(maximumSeries > 0, "a metric needs a series")
        self.maximumSeries = maximumSeries
    }

    /// Gives the metric called `name` on the page a sentence of explanation.
    public func describe(_ name: String, _ help: String) {
        state.withLock { $0.help[name] = help }
    }

    /// Adds values that are measured whenever the page is rendered. `collect` must not block for long.
    public func collect(_ collect: @escaping @Sendable () -> [Sample]) {
        state.withLock { $0.collectors.append(collect) }
    }

    /// The page, with metrics and series in alphabetical order, in the text format 0.0.4.
    public func render() -> [UInt8] {
        let (families, help, collectors) = state.withLock { ($0.families, $0.help, $0.collectors) }
        var text = PrometheusText()
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text.family(name, family.kind.rawValue, help: help[name])
            for (labels, instrument) in family.series.sorted(by: { $0.key < $1.key }) {
                instrument.render(name, labels, into: &text)
            }
        }
        let samples = Dictionary(grouping: collectors.flatMap { $0() }) { PrometheusText.name($0.name, colon: true) }
        for (name, samples) in samples.sorted(by: { $0.key < $1.key }) where families[name] == nil {
            text.family(name, samples[0].kind.rawValue, help: samples[0].help)
            for sample in samples { text.sample(name, PrometheusText.labels(sample.labels), PrometheusText.number(sample.value)) }
        }
        return text.bytes
    }

    /// The series called for, the one for `other` label values, or, when the name is taken by another kind, one that is
    /// not rendered: a metric must never fail its caller.
    private func series<I: Instrument>(
        _ label: String, _ suffix: String, _ dimensions: [(String, String)], _ kind: Kind, _ make: () -> I
    ) -> I {
        let base = PrometheusText.name(label, colon: true)
        let name = base.hasSuffix(suffix) ? base : base + suffix
        let labels = PrometheusText.labels(dimensions)
        return state.withLock { state in
            guard state.families[name] != nil || state.families.count < maximumFamilies else { return make() }
            var family = state.families.removeValue(forKey: name) ?? Family(kind: kind)
            defer { state.families[name] = family }
            guard family.kind == kind else { return make() }
            let isFull = family.series[labels] == nil && family.series.count >= maximumSeries
            let key = isFull ? PrometheusText.labels(dimensions.map { ($0.0, "other") }) : labels
            if let known = family.series[key] { return known as? I ?? make() }
            let new = make()
            family.series[key] = new
            return new
        }
    }
}

extension PrometheusRegistry {
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, "_total", dimensions, .counter) { CounterInstrument() }
    }

    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        series(label, "_total", dimensions, .counter) { CounterInstrument() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, "", dimensions, .gauge) { GaugeInstrument() }
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return series(label, "", dimensions, .gauge) { GaugeInstrument() } }
        return series(label, "", dimensions, .histogram) { HistogramInstrument(bounds: HistogramInstrument.amounts) }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, "_seconds", dimensions, .histogram) { HistogramInstrument(bounds: HistogramInstrument.seconds) }
    }

    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}
}
