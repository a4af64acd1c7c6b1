import Jobs

/// One handler per kind of job.
struct Handlers {
    let transfer: TransferFileHandler
    let delete: DeleteFileHandler
    let reconcile: ReconcileHandler

    func registry() -> JobRegistry {
        var registry = JobRegistry()
        registry.register(TransferFile.self, transfer.handle)
        registry.register(DeleteFile.self, delete.handle)
        registry.register(Reconcile.self, reconcile.handle)
        return registry
    }
}
