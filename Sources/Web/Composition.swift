import Accounts
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

/// Makes the services of a Web process and ties them together. No logic lives here.
struct Composition {
    /// Threads for file work. More than cores, because most of their time they wait for the disk.
    private static let fileThreads = 8

    let settings: Settings.Web

    func run() async throws {
        JSONLogHandler.bootstrap(level: settings.logLevel)
        let registry = PrometheusRegistry()
        registry.collect(ProcessMetrics.samples)
        MetricsSystem.bootstrap(registry)
        let logger = Logger(label: "web")

        let postgres = try PostgresPool(configuration: PostgresConfiguration(settings.database), logger: logger)
        let redis = RedisClient(
            configuration: try RedisConfiguration(url: settings.redis), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger)
        let staging = StagingArea(configuration: .init(settings.staging), pool: BlockingPool(name: "files", size: Self.fileThreads))
        try staging.prepare()
        let dispatcher = FileDispatcher(jobs: FileJobs(client: redis, partitions: settings.queuePartitions), logger: logger)
        let intake = FileIntake(pool: postgres, staging: staging, announce: dispatcher.announce)
        let application = WebApplication.make(
            settings: settings, tokens: TokenStore(pool: postgres), catalog: FileCatalog(pool: postgres), staging: staging, intake: intake,
            announce: dispatcher.announce, logger: logger)
        let probe = ProbeServer(
            configuration: .init(address: settings.probe), checks: [postgres.healthCheck, redis.healthCheck, staging.healthCheck],
            registry: registry, logger: logger)

        var group = ServiceGroupConfiguration(
            services: [probe, postgres, redis, intake, application], gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger)
        group.maximumGracefulShutdownDuration = settings.drainTimeout
        group.maximumCancellationDuration = .seconds(5)
        try await ServiceGroup(configuration: group).run()
    }
}
