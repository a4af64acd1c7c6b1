import Dispatch
import Jobs
import Logging
import Synchronization
import TestSupport
import Testing

/// The run of a job, as the consumer would describe it.
func run(
    epoch: Int64 = 100, previous: Int64? = nil, isLast: Bool = false, logger: Logger = .silent,
    isCurrent: @escaping @Sendable () -> Bool = { true }
) -> JobContext {
    JobContext(
        id: "test", type: "test", epoch: epoch, previousEpoch: previous, isLast: isLast, logger: logger, isCurrent: isCurrent)
}

extension JobOutcome {
    var isDone: Bool { if case .done = self { true } else { false } }
    var isRetry: Bool { if case .retry = self { true } else { false } }

    /// When to come back, if no attempt is spent.
    var delay: Duration? { if case .later(let delay, _) = self { delay } else { nil } }

    /// Why it was given up.
    var lastWords: String? { if case .giveUp(let reason) = self { reason } else { nil } }
}

/// Does asynchronous work for a thread that may block, such as libcurl's when it asks whether a run is current.
func blocking(_ body: @escaping @Sendable () async throws -> Void) {
    let done = DispatchSemaphore(value: 0)
    // The bridge from a thread without a task; awaited on the next line.
    Task {
        do { try await body() } catch { Issue.record(error) }
        done.signal()
    }
    done.wait()
}

/// Where threads wait for each other.
final class Meeting: Sendable {
    private let expected: Int
    private let arrivals = Mutex(0)
    private let complete = DispatchSemaphore(value: 0)

    init(of expected: Int) {
        self.expected = expected
    }

    /// - Returns: whether all came, within ten seconds.
    func join() -> Bool {
        let isLast = arrivals.withLock { arrivals in
            arrivals += 1
            return arrivals == expected
        }
        if isLast {
            for _ in 1..<expected { complete.signal() }
            return true
        }
        return complete.wait(timeout: .now() + .seconds(10 * Patience.factor)) == .success
    }
}

/// Looks again and again until `condition` holds, where the state is a server's; the test's time limit is the deadline.
func eventually(_ condition: () async throws -> Bool) async rethrows {
    while try await !condition(), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(20)) }
}
