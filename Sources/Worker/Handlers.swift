package import Jobs

/// One handler per kind of job.
package struct Handlers: Sendable {
    private let transfer: TransferFileHandler
    private let delete: DeleteFileHandler
    private let reconcile: ReconcileHandler
    private let sweepParts: SweepPartsHandler
    private let purge: PurgeExpiredHandler
    private let mail: SendMailHandler?

    /// - Parameter mail: nil where the queue of mails is not served.
    package init(
        transfer: TransferFileHandler, delete: DeleteFileHandler, reconcile: ReconcileHandler, sweepParts: SweepPartsHandler,
        purge: PurgeExpiredHandler, mail: SendMailHandler?
    ) {
        self.transfer = transfer
        self.delete = delete
        self.reconcile = reconcile
        self.sweepParts = sweepParts
        self.purge = purge
        self.mail = mail
    }

    package func registry() -> JobRegistry {
        var registry = JobRegistry()
        registry.register(TransferFile.self, transfer.handle)
        registry.register(DeleteFile.self, delete.handle)
        registry.register(Reconcile.self, reconcile.handle)
        registry.register(SweepParts.self, sweepParts.handle)
        registry.register(PurgeExpired.self, purge.handle)
        if let mail { registry.register(SendMail.self, mail.handle) }
        return registry
    }
}
