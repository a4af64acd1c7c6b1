import Accounts
package import Curl
package import Jobs
import Logging
package import Metrics
import Platform

/// Sends a mail of signing in or registering, if there is still use in it.
///
/// Asked for anew in each run, so that neither a used code nor a changed address is mailed because a job had waited.
package struct SendMailHandler: Sendable {
    /// A code lives for five minutes, so its mail is never put off for long.
    private static let longestPause: Duration = .seconds(5)

    private let writer: MailWriter
    private let client: SMTPClient
    private let notes: DeliveryNotes
    private let metrics: MailMetrics
    private let log = FailureLog()

    package init(
        writer: MailWriter, client: SMTPClient, notes: DeliveryNotes, metrics: any MetricsFactory = MetricsSystem.factory
    ) {
        self.writer = writer
        self.client = client
        self.notes = notes
        self.metrics = MailMetrics(factory: metrics)
    }

    package func handle(_ job: SendMail, _ context: JobContext) async -> JobOutcome {
        do {
            guard let message = try await writer.message(for: job) else {
                metrics.count(.dropped, job)
                return .done
            }
            // A copy may be on its way from whoever has the job now.
            guard context.isCurrent() else { return .later(after: .zero, reason: "the lease was lost") }
            try await client.send(message)
            metrics.count(.sent, job)
            await notes.write(.accepted, of: job, context.logger)
            return .done
        } catch let error as SMTPError {
            return await outcome(error, of: job, context)
        } catch {
            return await postponed(job, "\(type(of: error))", "\(error)", context)
        }
    }

    /// What a refusal means: the one table. No reason holds an address, since `SMTPError` has none.
    private func outcome(_ error: SMTPError, of job: SendMail, _ context: JobContext) async -> JobOutcome {
        let reason = "SMTP: \(error.message)"
        switch error.disposition {
        case .unavailable: return await postponed(job, "SMTP \(error.replyCode ?? 0)", reason, context)
        case .cancelled: return .later(after: .zero, reason: reason)
        case .retry:
            metrics.count(.postponed, job)
            await notes.write(.delayed, of: job, context.logger)
            return .retry(after: nil, reason: reason)
        default:
            metrics.count(.failed, job)
            context.logger.warning("a mail cannot be delivered", metadata: .init([.reason: "\(reason)"]))
            await notes.write(.refused, of: job, context.logger)
            return .giveUp(reason: reason)
        }
    }

    /// An outage concerns all mails alike and costs none of them an attempt.
    private func postponed(_ job: SendMail, _ kind: String, _ reason: String, _ context: JobContext) async -> JobOutcome {
        metrics.count(.postponed, job)
        await notes.write(.delayed, of: job, context.logger)
        log.note(kind, reason, context.logger)
        return .later(after: Pause.since(job.number, longest: Self.longestPause), reason: reason)
    }
}
