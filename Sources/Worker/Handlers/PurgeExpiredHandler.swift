package import Accounts
package import Jobs
import Logging
package import Metrics
import Platform

/// Removes what has served its time from the stores of accounts, and tells how much.
package struct PurgeExpiredHandler: Sendable {
    /// What a report counts, by the name that metrics and log have for it.
    private static let parts: [(name: String, count: @Sendable (PurgeReport) -> Int)] = [
        ("codes", { $0.challenges }), ("links", { $0.resets }), ("notices", { $0.notices }), ("devices", { $0.devices }),
        ("audit_events", { $0.auditEvents }), ("locked_sessions", { $0.lockedSessions }), ("session_entries", { $0.sessionEntries }),
        ("endless_keys", { $0.endlessKeys }),
    ]

    private let purge: Purge
    private let counters: [Counter]

    package init(purge: Purge, metrics: any MetricsFactory = MetricsSystem.factory) {
        self.purge = purge
        counters = Self.parts.map { Counter(label: "sluice_purged_total", dimensions: [("kind", $0.name)], factory: metrics) }
    }

    /// A failure ends the job: the next tick is a minute away, and a dead job for every minute of an outage would say no more than the
    /// log. What is left by a run that had its fill is the next one's.
    package func handle(_ job: PurgeExpired, _ context: JobContext) async -> JobOutcome {
        do {
            report(try await purge.runOnce(), context.logger)
        } catch {
            context.logger.warning("a purge was not finished", metadata: .init([.error: "\(error)"]))
        }
        return .done
    }

    private func report(_ report: PurgeReport, _ logger: Logger) {
        for (part, counter) in zip(Self.parts, counters) { counter.increment(by: part.count(report)) }
        guard report.total > 0 else { return }
        var metadata: Logger.Metadata = .init([.count: "\(report.total)"])
        for part in Self.parts where part.count(report) > 0 { metadata[part.name] = "\(part.count(report))" }
        if report.isPartial { metadata["more"] = "true" }
        logger.info("expired things removed", metadata: metadata)
    }
}
