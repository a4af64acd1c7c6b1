import Curl
import Jobs
import Platform

/// What settings and options come to for the parts of a worker.
extension Composition {
    func ftpConfiguration() throws -> FTPConfiguration {
        var configuration = try FTPConfiguration(url: settings.ftp.url, certificateAuthority: settings.ftp.certificateAuthority)
        // One for each handler and one for the health check, which must not wait for transfers.
        configuration.maximumConnections = options.queues.reduce(1) { $0 + $1.concurrency }
        return configuration
    }

    func smtpConfiguration(_ mail: Settings.Mail) throws -> SMTPConfiguration {
        var configuration = try SMTPConfiguration(url: mail.server, certificateAuthority: mail.certificateAuthority)
        configuration.clientName = try MailAddress(mail.sender).domain
        configuration.maximumConnections = options.queues.first { $0.name == SendMail.queue }?.concurrency ?? 1
        return configuration
    }

    func queues() -> [QueueOptions] {
        options.queues.map { given in
            given.name == SendMail.queue
                ? .mail(concurrency: given.concurrency) : QueueOptions(queueName(given.name), concurrency: given.concurrency)
        }
    }

    func schedules() throws -> [ScheduledJob] {
        let ages = settings.maintenance
        func job(_ name: String, every interval: Duration, _ job: some JobContract, _ queue: String) throws -> ScheduledJob {
            try ScheduledJob(
                name: name, schedule: .every(max(interval, .seconds(1))), job: job, catchUp: .once, overlap: .skip, queue: queueName(queue))
        }
        return [
            (Reconcile.queue, try job("reconcile", every: ages.reconcileInterval, Reconcile(), Reconcile.queue)),
            (SweepParts.queue, try job("sweep-parts", every: ages.partAge / 4, SweepParts(), SweepParts.queue)),
            (PurgeExpired.queue, try job("purge-expired", every: PurgeExpired.interval, PurgeExpired(), PurgeExpired.queue)),
        ].filter { name, _ in options.queues.contains { $0.name == name } }.map { $0.1 }
    }

    /// Queues of files carry the name of their staging area; those of mails and purging concern none.
    private func queueName(_ name: String) -> String {
        Options.withoutArea.contains(name) ? name : FileJobs.queue(name, area: settings.staging.area)
    }
}
