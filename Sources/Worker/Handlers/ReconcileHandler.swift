package import Files
package import Jobs
import Logging
package import Outbox
import Platform

/// Brings rows, jobs and bytes together again after anything was lost between them.
///
/// Rows that need a worker get their job again. Staged bytes that belong to nothing are swept by `Sweeper`.
package struct ReconcileHandler: Sendable {
    /// Rows looked at in one step; each step is one query and one call to the queue.
    private static let page = 500
    /// Rows younger than this have just been announced by whoever wrote them.
    private static let grace: Duration = .seconds(5)
    /// Until the next try when the database or the queue does not answer.
    private static let pause: Duration = .seconds(5)

    private let files: FileTransitions
    private let relay: FileRelay
    private let sweeper: Sweeper
    private let auditor: QuotaAuditor
    private let area: String

    package init(files: FileTransitions, relay: FileRelay, sweeper: Sweeper, auditor: QuotaAuditor, area: String) {
        self.files = files
        self.relay = relay
        self.sweeper = sweeper
        self.auditor = auditor
        self.area = area
    }

    /// A failure puts the job off and spends nothing: a dead job for every tick of an outage would say no more than the first.
    package func handle(_ job: Reconcile, _ context: JobContext) async -> JobOutcome {
        do {
            let requeued = try await requeueAll(context)
            if requeued > 0 { context.logger.notice("jobs made again from rows", metadata: .init([.count: "\(requeued)"])) }
        } catch {
            context.logger.warning("rows and jobs not compared", metadata: .init([.error: "\(error)"]))
            return .later(after: Self.pause, reason: "\(error)")
        }
        await sweeper.sweepIfDue(context.logger)
        await auditor.auditIfDue(context.logger)
        return .done
    }

    /// - Returns: how many jobs had been missing.
    private func requeueAll(_ context: JobContext) async throws -> Int {
        var position: FileID?
        var requeued = 0
        while context.isCurrent() {
            let rows = try await files.outstanding(in: area, after: position, olderThan: Self.grace, limit: Self.page)
            guard let last = rows.last else { break }
            requeued += try await relay.requeue(rows)
            position = last.id
        }
        return requeued
    }
}
