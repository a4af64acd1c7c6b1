import Curl
import Jobs
import Platform

/// What settings and options come to for the parts of a worker.
extension Composition {
    func ftpConfiguration() throws -> FTPConfiguration {
        var configuration = try FTPConfiguration(url: settings.ftp.url, certificateAuthority: settings.ftp.certificateAuthority)
        // One for each handler and one for the health check.
        configuration.maximumConnections = 1 + concurrency(of: DeleteFile.queue) + concurrency(of: SweepParts.queue)
        return configuration
    }

    /// Connections of their own, so that neither they nor the others wait for the others.
    func transferConfiguration() throws -> FTPConfiguration {
        var configuration = try ftpConfiguration()
        configuration.maximumConnections = max(1, concurrency(of: TransferFile.queue))
        configuration.patience = FTPConnections.patience
        return configuration
    }

    func smtpConfiguration(_ mail: Settings.Mail) throws -> SMTPConfiguration {
        var configuration = try SMTPConfiguration(url: mail.server, certificateAuthority: mail.certificateAuthority)
        configuration.clientName = try MailAddress(mail.sender).domain
        configuration.maximumConnections = max(1, concurrency(of: SendMail.queue))
        return configuration
    }

    func queues() -> [QueueOptions] {
        options.queues.map { given in
            switch given.name {
            case SendMail.queue: .mail(concurrency: given.concurrency)
            case TransferFile.queue:
                QueueOptions(queueName(given.name), concurrency: given.concurrency * FTPConnections.transfersForEach)
            default: QueueOptions(queueName(given.name), concurrency: given.concurrency)
            }
        }
    }

    private func concurrency(of queue: String) -> Int {
        options.queues.first { $0.name == queue }?.concurrency ?? 0
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
