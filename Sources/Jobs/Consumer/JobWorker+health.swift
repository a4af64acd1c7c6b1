public import Platform

extension JobWorker {
    /// Whether the queues have been served lately: a server that answers while nothing is claimed is no health.
    public var healthCheck: HealthCheck {
        HealthCheck(name: "redis") { self.isReady ? nil : "no cycle of the queue has succeeded lately" }
    }
}
