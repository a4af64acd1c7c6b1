import Curl
import Files
import Jobs
import Logging
import Metrics
import NIOPosix
import Platform
import Postgres
import Redis
import ServiceLifecycle
import UnixSignals

/// Makes the services of a Worker process and ties them together. No logic lives here.
struct Composition {
    private static let fileThreads = 4

    let settings: Settings.Worker
    let options: Options

    func run() async throws {
        JSONLogHandler.bootstrap(level: settings.logLevel)
        let registry = PrometheusRegistry()
        registry.collect(ProcessMetrics.samples)
        MetricsSystem.bootstrap(registry)
        let logger = Logger(label: "worker")

        let postgres = try PostgresPool(configuration: PostgresConfiguration(settings.database), logger: logger)
        let redis = RedisClient(
            configuration: try RedisConfiguration(url: settings.redis), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger)
        let staging = StagingArea(configuration: .init(settings.staging), pool: BlockingPool(name: "files", size: Self.fileThreads))
        try staging.prepare()
        let curl = CurlEngine(logger: logger)
        let ftp = try FTPClient(engine: curl, configuration: ftpConfiguration(), logger: logger)
        let files = FileTransitions(pool: postgres)
        let jobs = FileJobs(client: redis)
        let handlers = Handlers(
            transfer: TransferFileHandler(files: files, staging: staging, ftp: ftp),
            delete: DeleteFileHandler(files: files, staging: staging, ftp: ftp),
            reconcile: ReconcileHandler(
                files: files, jobs: jobs, sweeper: Sweeper(files: files, staging: staging, ftp: ftp, ages: settings.maintenance),
                area: settings.staging.area))
        let worker = try JobWorker(
            client: redis, queues: queues(), registry: handlers.registry(), periodic: periodic(), drainTimeout: settings.drainTimeout,
            logger: logger)
        let probe = ProbeServer(
            configuration: .init(address: settings.probe),
            checks: [postgres.healthCheck, worker.healthCheck, ftp.healthCheck, staging.healthCheck], registry: registry, logger: logger)

        var group = ServiceGroupConfiguration(
            services: [probe, postgres, redis, curl, files, worker], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = settings.drainTimeout + .seconds(10)
        group.maximumCancellationDuration = .seconds(5)
        try await ServiceGroup(configuration: group).run()
    }

    private func ftpConfiguration() throws -> FTPConfiguration {
        var configuration = try FTPConfiguration(url: settings.ftp.url, certificateAuthority: settings.ftp.certificateAuthority)
        // One for each handler and one for the health check, which must not wait for transfers.
        configuration.maximumConnections = options.queues.reduce(1) { $0 + $1.concurrency }
        return configuration
    }

    private func queues() -> [QueueOptions] {
        options.queues.map { QueueOptions(FileJobs.queue($0.name, area: settings.staging.area), concurrency: $0.concurrency) }
    }

    private func periodic() -> [PeriodicJob] {
        guard options.queues.contains(where: { $0.name == Reconcile.queue }) else { return [] }
        return [
            PeriodicJob(
                name: "reconcile", every: settings.maintenance.reconcileInterval, job: Reconcile(),
                queue: FileJobs.queue(Reconcile.queue, area: settings.staging.area))
        ]
    }
}
