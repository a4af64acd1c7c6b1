import Logging
import Metrics
import Platform
import Synchronization

/// Whether a consumer gets anywhere.
final class ConsumerHealth: Sendable {
    private struct State {
        var lastSuccess: ContinuousClock.Instant?
        var isFailing = false
    }

    private let state = Mutex(State())

    /// - Returns: whether things had been going wrong before.
    @discardableResult
    func succeeded() -> Bool {
        state.withLock { state in
            state.lastSuccess = .now
            defer { state.isFailing = false }
            return state.isFailing
        }
    }

    /// - Returns: whether this is the first failure after a success.
    func failed() -> Bool {
        state.withLock { state in
            defer { state.isFailing = true }
            return !state.isFailing
        }
    }

    /// Whether the last answer was good and is younger than `age`.
    func isGood(within age: Duration) -> Bool {
        state.withLock { state in
            guard let last = state.lastSuccess, !state.isFailing else { return false }
            return last.duration(to: .now) < age
        }
    }
}

extension QueueConsumer {
    /// Every answer of the server comes through here or through `failed`.
    func succeeded() {
        if health.succeeded() { logger.notice("queue reachable again") }
    }

    func failed(_ error: any Error) {
        // The end of this task is no fault of the server.
        if Task.isCancelled { return }
        metrics.errors.increment()
        if health.failed() { logger.warning("queue not reachable, trying again", metadata: .init([.error: "\(error)"])) }
    }

    /// An idle consumer hears from Redis at least once per lease, through maintenance.
    var isReady: Bool { health.isGood(within: options.leaseDuration * 2 + .seconds(5)) }
}
