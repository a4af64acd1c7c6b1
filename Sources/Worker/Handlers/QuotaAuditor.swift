package import Files
package import Logging
package import Metrics
import Platform
import Synchronization

/// Counts again what users with a quota have, some at a time: nothing should ever differ, and what does is mended and told.
package final class QuotaAuditor: Sendable {
    private static let interval: Duration = .seconds(3600)
    /// Users of one look.
    private static let batch = 100

    private struct State {
        var next: ContinuousClock.Instant
        /// The user who was looked at last.
        var position: UserID?
    }

    private let quotas: QuotaAdministration
    private let drift: Counter
    private let state: Mutex<State>

    /// - Parameter delay: until the first look.
    package init(quotas: QuotaAdministration, delay: Duration = .seconds(3600), metrics: any MetricsFactory = MetricsSystem.factory) {
        self.quotas = quotas
        drift = Counter(label: "sluice_quota_drift_total", factory: metrics)
        state = Mutex(State(next: .now + delay))
    }

    /// Looks if it is due. A failure is logged and no more: the next look begins where this one ended.
    package func auditIfDue(_ logger: Logger) async {
        guard let position = begin() else { return }
        do {
            let owners = try await quotas.owners(after: position, limit: Self.batch)
            for owner in owners {
                try await audit(owner, logger)
                state.withLock { $0.position = owner }
            }
            if owners.count < Self.batch { state.withLock { $0.position = nil } }
        } catch {
            logger.warning("quotas not counted again", metadata: .init([.error: "\(error)"]))
        }
    }

    private func audit(_ owner: UserID, _ logger: Logger) async throws {
        guard let (before, now) = try await quotas.recount(owner), before.bytes != now.bytes || before.files != now.files else { return }
        drift.increment()
        logger.error(
            "a quota was counted wrong",
            metadata: .init([
                .user: "\(owner)", .reason: "bytes \(before.bytes) -> \(now.bytes), files \(before.files) -> \(now.files)",
            ]))
    }

    /// - Returns: nil when it is not due; else after whom to begin.
    private func begin() -> UserID?? {
        state.withLock { state in
            guard state.next <= .now else { return nil }
            state.next = .now + Self.interval
            return .some(state.position)
        }
    }
}
