import Accounts
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
        let threads = BlockingPool(name: "files", size: Self.fileThreads)
        let staging = StagingArea(configuration: .init(settings.staging), pool: threads)
        try await Self.open(staging, logger)
        let registration = AreaRegistration(pool: postgres, staging: staging, logger: logger)
        try await registration.begin()
        let curl = CurlEngine(logger: logger)
        let ftp = try FTPClient(engine: curl, configuration: ftpConfiguration(), logger: logger)
        let files = FileTransitions(pool: postgres) { try await staging.remove($0) }
        let relay = FileRelay(files: files, jobs: FileJobs(client: redis, partitions: settings.queuePartitions))
        let handlers = Handlers(
            transfer: TransferFileHandler(files: files, staging: staging, ftp: ftp),
            delete: DeleteFileHandler(files: files, staging: staging, ftp: ftp),
            reconcile: ReconcileHandler(
                files: files, relay: relay,
                sweeper: Sweeper(
                    files: files, staging: staging, uploads: UploadSweep(pool: postgres, staging: staging),
                    replies: ReplyStore(pool: postgres), age: settings.maintenance.orphanAge),
                auditor: QuotaAuditor(quotas: QuotaAdministration(pool: postgres, limits: .none)), area: settings.staging.area),
            sweepParts: SweepPartsHandler(ftp: ftp, age: settings.maintenance.partAge),
            purge: PurgeExpiredHandler(purge: Purge(pool: postgres, redis: redis)),
            mail: try settings.mail.map { mail in
                try sender(
                    of: mail, postgres, redis, threads, SMTPClient(engine: curl, configuration: smtpConfiguration(mail), logger: logger))
            })
        let worker = try JobWorker(
            client: redis, queues: queues(), registry: handlers.registry(), schedules: schedules(),
            partitions: settings.queuePartitions, drainTimeout: settings.drainTimeout, logger: logger)
        let probe = ProbeServer(
            configuration: .init(address: settings.probe, setting: Settings.Worker.probeName),
            checks: [postgres.healthCheck, worker.healthCheck, ftp.healthCheck, staging.healthCheck], registry: registry, logger: logger)

        var group = ServiceGroupConfiguration(
            services: [probe, postgres, registration, redis, curl, files, worker], gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger)
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

    /// `Accounts` is asked for mails only: no password is hashed on the threads, and nothing announced.
    private func sender(
        of mail: Settings.Mail, _ postgres: PostgresPool, _ redis: RedisClient, _ threads: BlockingPool, _ client: SMTPClient
    ) throws -> SendMailHandler {
        guard let key = SignInKey(mail.signInKey) else { preconditionFailure("the setting has been checked for its length") }
        let sessions = SessionStore(client: redis, limits: SessionLimits(), key: key)
        let hasher = PasswordHasher(pool: threads)
        let signIn = SignIn(
            pool: postgres, sessions: sessions, captchas: CaptchaStore(client: redis, pool: postgres, key: key), hasher: hasher, key: key
        ) { _ in }
        let resets = PasswordResets(pool: postgres, sessions: sessions, hasher: hasher, key: key) { _ in }
        let registration = Registration(pool: postgres, redis: redis, hasher: hasher) { _ in }
        let writer = MailWriter(
            sender: try MailAddress(mail.sender, name: "Sluice"), site: mail.publicAddress, login: signIn.mail, reset: resets.mail,
            registration: registration.mail)
        return SendMailHandler(writer: writer, client: client, notes: DeliveryNotes(note: signIn.note))
    }
}
