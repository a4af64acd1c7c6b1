import Accounts
import Files
import Jobs
import Logging
import NIOPosix
import Outbox
import Platform
import Postgres
import Redis

/// Makes what a command needs and ends it when the command is done.
enum Composition {
    /// Reads the settings, or ends the process with the message that names all that is wrong with them.
    static func settings() -> Settings.CLI {
        read { () throws(SettingsError) in try Settings.CLI() }
    }

    private static func read<T>(_ settings: () throws(SettingsError) -> T) -> T {
        do {
            return try settings()
        } catch {
            Launch.refuse(error)
        }
    }

    /// Runs `body` with a connection to Postgres; what goes wrong is told in words for operators, here and below.
    static func withPostgres<T: Sendable>(_ body: @escaping @Sendable (PostgresPool) async throws -> T) async throws -> T {
        do {
            var configuration = try PostgresConfiguration(settings().database)
            configuration.poolSize = 1
            let pool = try PostgresPool(configuration: configuration, logger: logger)
            return try await running({ try await pool.run() }) { try await body(pool) }
        } catch {
            throw inWords(error)
        }
    }

    /// Brings the database to the schema of this version.
    ///
    /// - Returns: number and name of each migration that was missing.
    static func migrate() async throws -> [String] {
        try await withPostgres { pool in
            try await Migrator(pool: pool, migrations: AccountsSchema.migrations + FilesSchema.migrations).migrate()
                .map { "\($0.number) \($0.name)" }
        }
    }

    /// What changes users. A Redis that is away is nothing to wait for: what it means, says each command.
    static func withAdministration<T: Sendable>(
        _ body: @escaping @Sendable (UserStore, UserAdministration) async throws -> T
    ) async throws -> T {
        try await withPostgres { pool in
            try await withRedis { try await body(UserStore(pool: pool), UserAdministration(pool: pool, redis: $0)) }
        }
    }

    /// What changes files and their jobs.
    static func withRelay<T: Sendable>(_ body: @escaping @Sendable (PostgresPool, FileRelay) async throws -> T) async throws -> T {
        try await withPostgres { pool in
            // Whoever works at the command line need not mount the staging area: containers are the workers' to remove.
            let files = FileTransitions(pool: pool) { _ in }
            return try await withRedis { client in
                try await running({ try await files.run() }) {
                    try await body(pool, FileRelay(files: files, jobs: FileJobs(client: client, partitions: settings().queuePartitions)))
                }
            }
        }
    }

    static func withQueue<T: Sendable>(
        named name: String, _ body: @escaping @Sendable (PartitionedJobQueue) async throws -> T
    ) async throws -> T {
        try await withRedis { try await body(PartitionedJobQueue.open(client: $0, name: name)) }
    }

    /// A queue that is measured, and is nobody's else: one partition, whatever the others have.
    static func withBenchQueue<T: Sendable>(
        named name: String, at url: ServiceURL? = nil, _ body: @escaping @Sendable (RedisJobQueue) async throws -> T
    ) async throws -> T {
        try await withRedis(at: url) { try await body(RedisJobQueue(client: $0, name: name)) }
    }

    /// Runs `body` with a connection to Redis.
    static func withRedis<T: Sendable>(
        at url: ServiceURL? = nil, _ body: @escaping @Sendable (RedisClient) async throws -> T
    ) async throws -> T {
        do {
            let address = url ?? read { () throws(SettingsError) in try Settings.Queues() }.redis
            let client = RedisClient(
                configuration: try RedisConfiguration(url: address),
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
            return try await running({ try await client.run() }) { try await body(client) }
        } catch {
            throw inWords(error)
        }
    }

    /// What a module below says, without the codes that programs go by.
    private static func inWords(_ error: any Error) -> any Error {
        switch error {
        case let error as JobsError: OperatorError(error.message)
        case let error as RedisError: OperatorError(JobsError(error, doing: "talking to Redis").message)
        case let error as AccountsError: OperatorError(sentence(error.message, because: error.underlying))
        case let error as FilesError: OperatorError(sentence(error.message, because: error.underlying))
        case let error as PostgresError: OperatorError(error.message)
        default: error
        }
    }

    private static func sentence(_ message: String, because cause: (any Error)?) -> String {
        guard let cause else { return message }
        return "\(message): \((inWords(cause) as? OperatorError)?.description ?? "\(cause)")"
    }

    /// Runs `body` beside a service, which is ended with it.
    static func running<T: Sendable>(
        _ service: @escaping @Sendable () async throws -> Void, _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask {
                try await service()
                return nil
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    /// Faults of the connection reach the operator as errors of the command; what the adapters log besides is for services.
    private static var logger: Logger {
        var logger = Logger(label: "sluice") { StreamLogHandler.standardError(label: $0, metadataProvider: nil) }
        logger.logLevel = .error
        return logger
    }
}
