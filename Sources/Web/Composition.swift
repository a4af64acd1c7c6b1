import Accounts
import Files
import Jobs
import Logging
import Metrics
import NIOCore
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
        let registration = AreaRegistration(pool: postgres, staging: staging, logger: logger)
        try await registration.begin()
        let dispatcher = FileDispatcher(jobs: FileJobs(client: redis, partitions: settings.queuePartitions), logger: logger)
        let limits = QuotaLimits(bytes: settings.quota.bytes, files: settings.quota.files)
        let quotas = QuotaKeeper(pool: postgres, redis: redis, limits: limits)
        let intake = FileIntake(
            pool: postgres, staging: staging, limits: limits, quotas: quotas, burst: settings.uploads.burst, announce: dispatcher.announce)
        let types = try TypeGuard(settings.types)
        let uploads = ResumableUploads(
            pool: postgres, redis: redis, staging: staging, intake: intake,
            configuration: ResumableConfiguration(settings.uploads, inspection: types.inspection), logger: logger)
        let hasher = PasswordHasher(pool: BlockingPool(name: "passwords", size: System.coreCount))
        let people = try people(postgres, redis, hasher)
        let services = WebServices(
            tokens: TokenStore(pool: postgres), registration: people.registration,
            signIn: people.signIn, resets: people.resets, captchas: CaptchaMedia(pool: BlockingPool(name: "captchas", size: 2)),
            catalog: FileCatalog(pool: postgres, quotas: quotas), staging: staging, intake: intake, uploads: uploads,
            announce: dispatcher.announce, isQueueFull: dispatcher.isQueueFull, quotas: quotas, isDatabaseAway: { postgres.isAway },
            types: types)
        let application = try WebApplication.make(settings: settings, services: services, logger: logger)
        let probe = ProbeServer(
            configuration: .init(address: settings.probe, setting: Settings.Web.probeName),
            checks: [postgres.healthCheck, redis.healthCheck, staging.healthCheck],
            registry: registry, logger: logger)
        let warnings = ServerWarnings(client: redis, of: .sessions, logger: logger)
        let demo: [any Service] = settings.isDemo ? [DemoUsers(users: people.signIn.users, hasher: hasher, logger: logger)] : []

        var group = ServiceGroupConfiguration(
            services: [probe, postgres, registration, redis, warnings, quotas, intake, uploads] + demo + [application],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger)
        group.maximumGracefulShutdownDuration = settings.drainTimeout
        group.maximumCancellationDuration = .seconds(5)
        try await ServiceGroup(configuration: group).run()
    }

    private func people(
        _ postgres: PostgresPool, _ redis: RedisClient, _ hasher: PasswordHasher
    ) throws -> (signIn: SignIn, resets: PasswordResets, registration: Registration) {
        guard let key = SignInKey(settings.signInKey) else { preconditionFailure("the settings let a short key through") }
        let mails = MailJobs(client: redis, partitions: settings.queuePartitions)
        let sessions = SessionStore(
            client: redis, limits: SessionLimits(idle: settings.sessions.idle, lifetime: settings.sessions.lifetime), key: key)
        let signIn = SignIn(
            pool: postgres, sessions: sessions, captchas: CaptchaStore(client: redis, pool: postgres, key: key), hasher: hasher, key: key,
            announce: { try await mails.enqueue(SendMail(.loginCode, number: $0.rawValue)) })
        let resets = PasswordResets(
            pool: postgres, sessions: sessions, hasher: hasher, key: key,
            announce: { try await mails.enqueue(SendMail(.resetLink, number: $0.rawValue)) })
        let registration = Registration(
            pool: postgres, redis: redis, hasher: hasher,
            announce: { try await mails.enqueue(SendMail(.registration, number: $0.rawValue)) })
        return (signIn, resets, registration)
    }
}
