import Curl
import Files
import Jobs
import Logging
import Metrics
import NIOPosix
import Outbox
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
            configuration: try redisConfiguration(), eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        let staging = StagingArea(configuration: .init(settings.staging), pool: BlockingPool(name: "files", size: Self.fileThreads))
        try await Self.open(staging, logger)
        let curl = CurlEngine(logger: logger)
        let ftp = try FTPClient(engine: curl, configuration: ftpConfiguration(), logger: logger)
        let files = FileTransitions(pool: postgres) { try await staging.remove($0) }
        let relay = FileRelay(files: files, jobs: FileJobs(client: redis, partitions: settings.queuePartitions))
        let handlers = Handlers(
            transfer: TransferFileHandler(files: files, staging: staging, ftp: ftp),
            delete: DeleteFileHandler(files: files, staging: staging, ftp: ftp),
            reconcile: ReconcileHandler(
                files: files, relay: relay, sweeper: Sweeper(files: files, staging: staging, age: settings.maintenance.orphanAge),
                area: settings.staging.area),
            sweepParts: SweepPartsHandler(ftp: ftp, age: settings.maintenance.partAge))
        let worker = try JobWorker(
            client: redis, queues: queues(), registry: handlers.registry(), schedules: schedules(),
            partitions: settings.queuePartitions, drainTimeout: settings.drainTimeout, logger: logger)
        let probe = ProbeServer(
            configuration: .init(address: settings.probe),
            checks: [postgres.healthCheck, worker.healthCheck, ftp.healthCheck, staging.healthCheck], registry: registry, logger: logger)

        var group = ServiceGroupConfiguration(
            services: [probe, postgres, redis, curl, files, worker], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = settings.drainTimeout + .seconds(10)
        group.maximumCancellationDuration = .seconds(5)
        try await ServiceGroup(configuration: group).run()
    }

    /// Waits for the area, which Web makes: a worker may be the first to start, or its volume be mounted late.
    private static func open(_ staging: StagingArea, _ logger: Logger) async throws {
        if try Self.isOpened(staging) { return }
        logger.warning("waiting: SLUICE_STAGING holds no staging area; start a web process on it, or mount its volume")
        repeat { try await Task.sleep(for: .seconds(1)) } while try !Self.isOpened(staging)
    }

    private static func isOpened(_ staging: StagingArea) throws(FilesError) -> Bool {
        do {
            try staging.prepare(isMaking: false)
            return true
        } catch {
            guard error.code == .noArea else { throw error }
            return false
        }
    }

    private func redisConfiguration() throws -> RedisConfiguration {
        var configuration = try RedisConfiguration(url: settings.redis)
        // One for each partition of each queue, where an idle worker waits, in case they are all on one server.
        configuration.maximumBlockingConnections = max(16, options.queues.count * settings.queuePartitions)
        return configuration
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

    private func schedules() throws -> [ScheduledJob] {
        let ages = settings.maintenance
        func job(_ name: String, every interval: Duration, _ job: some JobContract, _ queue: String) throws -> ScheduledJob {
            try ScheduledJob(
                name: name, schedule: .every(max(interval, .seconds(1))), job: job, catchUp: .once, overlap: .skip,
                queue: FileJobs.queue(queue, area: settings.staging.area))
        }
        return [
            (Reconcile.queue, try job("reconcile", every: ages.reconcileInterval, Reconcile(), Reconcile.queue)),
            (SweepParts.queue, try job("sweep-parts", every: ages.partAge / 4, SweepParts(), SweepParts.queue)),
        ].filter { name, _ in options.queues.contains { $0.name == name } }.map { $0.1 }
    }
}
