import Logging
import Platform
import Synchronization

/// Tells the operator why jobs come back.
///
/// An outage meets every job alike, so each kind of failure is written once in a while and not once for each job; the metrics count
/// them all.
package final class FailureLog: Sendable {
    /// Kinds remembered; beyond it the oldest is forgotten, hence written again early.
    private static let most = 64

    private let interval: Duration
    private let last = Mutex<[String: ContinuousClock.Instant]>([:])

    package init(interval: Duration = .seconds(60)) {
        self.interval = interval
    }

    /// - Parameter kind: what all failures of one cause have in common; the reason may name the file.
    func note(_ kind: String, _ reason: String, _ logger: Logger, at now: ContinuousClock.Instant = .now) {
        guard isDue(kind, at: now) else { return }
        logger.warning("jobs come back: a reason like this is told once a minute", metadata: .init([.error: "\(reason)"]))
    }

    package func isDue(_ kind: String, at now: ContinuousClock.Instant) -> Bool {
        last.withLock { last in
            if let time = last[kind], now - time < interval { return false }
            if last[kind] == nil, last.count >= Self.most, let oldest = last.min(by: { $0.value < $1.value }) { last[oldest.key] = nil }
            last[kind] = now
            return true
        }
    }
}
