import Accounts
import Cryptography
import Files
import Foundation
import Jobs
import Logging
import NIOCore
import NIOPosix
import Outbox
import Platform
import Postgres
import Redis
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import Web

/// The real HTTP side of a Web process, on a free port, with a staging directory of its own, until the body is done.
struct WebServer: Sendable {
    struct Options: Sendable {
        /// Settings beside the ones every server gets.
        var settings: [String: String] = [:]
        var slowBodyWindow: TimeAmount?
        var chunkSize: Int?
        var drainTimeout: Duration = .seconds(2)
        /// Another database than the suite's.
        var database: PostgresConfiguration?
        /// Announces through a queue too, besides recording; without `redis` it cannot be reached.
        var hasQueue = false
        /// Instead of what the settings say.
        var types: TypeGuard?
        /// Runs before each announcement.
        var beforeAnnouncing: @Sendable () async -> Void = {}
        /// Is told what pages are made of.
        var onPage: PageObserver = { _, _, _ in }
        /// A Redis that can be reached, for whoever signs in.
        var redis: RedisServerProcess?
    }

    /// A user with a token.
    struct Account: Sendable {
        let id: UserID
        let name: String
        let token: String
    }

    let port: Int
    let pool: PostgresPool
    let staging: StagingArea
    let files: BlockingPool
    let announced: Recorder<FileRecord>
    let signIn: SignIn
    let administration: UserAdministration
    let resets: PasswordResets
    /// The mails that were asked for.
    let codes: Recorder<LoginChallengeID>
    let links: Recorder<PasswordResetID>
    let registration: Registration
    let notices: Recorder<RegistrationNoticeID>
    let hasher: PasswordHasher
    let log: Recorder<String>
    let root: String
    private let options: Options

    /// Signing in, with mails that are recorded and a cost of hashes that tests can pay.
    private struct People {
        let hasher: PasswordHasher
        let signIn: SignIn
        let resets: PasswordResets
        let codes = Recorder<LoginChallengeID>()
        let links = Recorder<PasswordResetID>()
        let registration: Registration
        let notices = Recorder<RegistrationNoticeID>()

        init(settings: Settings.Web, pool: PostgresPool, redis: RedisClient) throws {
            guard let key = SignInKey(settings.signInKey), let cost = Scrypt.Cost(logN: 4, r: 8, p: 1) else { throw WebDatabase.Missing() }
            hasher = PasswordHasher(pool: BlockingPool(name: "passwords", size: 2), waiting: 100, cost: cost) {
                Scrypt.derive(password: $0, salt: $1, cost: $2)
            }
            let sessions = SessionStore(
                client: redis, limits: SessionLimits(idle: settings.sessions.idle, lifetime: settings.sessions.lifetime), key: key)
            signIn = SignIn(
                pool: pool, sessions: sessions, captchas: CaptchaStore(client: redis, pool: pool, key: key), hasher: hasher, key: key,
                announce: { [codes] in codes.record($0) })
            resets = PasswordResets(pool: pool, sessions: sessions, hasher: hasher, key: key, announce: { [links] in links.record($0) })
            registration = Registration(pool: pool, redis: redis, hasher: hasher, announce: { [notices] in notices.record($0) })
        }
    }

    /// Runs `body` beside a server, then stops it in order. Whatever was tested, the log must hold one clean JSON object a line
    /// and no token.
    static func run(_ options: Options = Options(), _ body: @escaping @Sendable (WebServer) async throws -> Void) async throws {
        try await slots.use { try await runNow(options, body) }
    }

    /// Runs `body` beside another server over the same staging area, database and Redis, as another process would.
    ///
    /// - Parameter options: its own, where they differ.
    func withSecond(_ options: Options? = nil, _ body: @escaping @Sendable (WebServer) async throws -> Void) async throws {
        try await Self.runNow(options ?? self.options, root, body)
    }

    /// Runs two such servers.
    static func pair(
        _ options: Options = Options(), _ body: @escaping @Sendable (WebServer, WebServer) async throws -> Void
    ) async throws {
        try await run(options) { first in
            try await first.withSecond { try await body(first, $0) }
        }
    }

    private static let slots = Slots(8)

    private static func runNow(_ options: Options, _ body: @escaping @Sendable (WebServer) async throws -> Void) async throws {
        let root = NSTemporaryDirectory() + "sluice-web-" + UUIDv7().description
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        try await runNow(options, root, body)
    }

    private static func runNow(
        _ options: Options, _ root: String, _ body: @escaping @Sendable (WebServer) async throws -> Void
    ) async throws {
        guard let shared = WebDatabase.configuration else { throw WebDatabase.Missing() }
        let log = Recorder<String>()
        let logger = Logger(label: "test") { label in
            JSONLogHandler(label: label, level: .debug) { log.record(String(decoding: $0, as: UTF8.self)) }
        }
        let environment = [
            "SLUICE_DATABASE_URL": "postgres://a:b@127.0.0.1:1/c", "SLUICE_REDIS_URL": "redis://127.0.0.1:1", "SLUICE_STAGING": root,
            // All servers of tests share a database. Of one area they would take each other's uploads for theirs.
            "SLUICE_STAGING_AREA": root.suffix(36).filter { $0 != "-" }, "SLUICE_LISTEN": "127.0.0.1:0",
            "SLUICE_STAGING_RESERVE": "0", "SLUICE_PUBLIC_ADDRESS": "https://sluice.test",
            "SLUICE_TRUSTED_PROXIES": "1", "SLUICE_SIGN_IN_KEY": String(repeating: "k", count: 32),
        ].merging(options.redis.map { ["SLUICE_REDIS_URL": "redis://127.0.0.1:\($0.port)"] } ?? [:]) { $1 }
        let settings = try Settings.Web(environment: environment.merging(options.settings) { $1 })
        var staged = StagingConfiguration(settings.staging)
        if let size = options.chunkSize { staged.chunkSize = size }
        let files = BlockingPool(name: "files", size: 4)
        let staging = StagingArea(configuration: staged, pool: files)
        try staging.prepare()
        let pool = try PostgresPool(configuration: options.database ?? shared, logger: logger)
        let announced = Recorder<FileRecord>()
        let redis = RedisClient(
            configuration: try RedisConfiguration(url: settings.redis), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger)
        let dispatcher = FileDispatcher(jobs: FileJobs(client: redis), logger: logger)
        let announce: @Sendable ([FileRecord]) async -> Void = { records in
            await options.beforeAnnouncing()
            announced.record(contentsOf: records)
            if options.hasQueue { await dispatcher.announce(records) }
        }
        let limits = QuotaLimits(bytes: settings.quota.bytes, files: settings.quota.files)
        let quotas = QuotaKeeper(pool: pool, redis: redis, limits: limits)
        let intake = FileIntake(
            pool: pool, staging: staging, limits: limits, quotas: quotas, burst: settings.uploads.burst, announce: announce)
        let types = try options.types ?? TypeGuard(settings.types)
        let uploads = ResumableUploads(
            pool: pool, redis: redis, staging: staging, intake: intake,
            configuration: ResumableConfiguration(settings.uploads, inspection: types.inspection), logger: logger)
        let people = try People(settings: settings, pool: pool, redis: redis)
        let services = WebServices(
            tokens: TokenStore(pool: pool, cacheLifetime: .milliseconds(1)),
            registration: people.registration, signIn: people.signIn, resets: people.resets,
            captchas: CaptchaMedia(pool: BlockingPool(name: "captchas", size: 2)), catalog: FileCatalog(pool: pool, quotas: quotas),
            staging: staging, intake: intake, uploads: uploads, announce: announce, isQueueFull: dispatcher.isQueueFull, quotas: quotas,
            isDatabaseAway: { pool.isAway }, types: types)
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let application = try WebApplication.make(
            settings: settings, services: services, logger: logger, slowBodyWindow: options.slowBodyWindow,
            onPage: options.onPage,
            onRunning: { channel in
                continuation.yield(channel.localAddress?.port ?? 0)
                continuation.finish()
            })
        var configuration = ServiceGroupConfiguration(
            services: [pool] + (options.redis == nil ? [] : [redis]) + [quotas, intake, uploads, application], logger: logger)
        configuration.maximumGracefulShutdownDuration = options.drainTimeout
        let group = ServiceGroup(configuration: configuration)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                // If it ends before it has a port, nobody waits for that.
                defer { continuation.finish() }
                try? await group.run()
            }
            var iterator = ports.makeAsyncIterator()
            guard let port = await iterator.next() else { throw WebDatabase.Missing() }
            let result: Result<Void, any Error>
            do {
                result = .success(
                    try await body(
                        WebServer(
                            port: port, pool: pool, staging: staging, files: files, announced: announced, signIn: people.signIn,
                            administration: UserAdministration(pool: pool, redis: redis), resets: people.resets, codes: people.codes,
                            links: people.links, registration: people.registration, notices: people.notices, hasher: people.hasher,
                            log: log, root: root, options: options)))
            } catch {
                result = .failure(error)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try result.get()
        }
        try checkLog(log.all)
    }

    /// Adds a user with a name of its own.
    func account() async throws -> Account {
        let name = "u" + UUIDv7().description.replacing("-", with: "")
        let user = try await UserStore(pool: pool).add(name: name, email: "\(name)@example.org")
        let token = try await TokenStore(pool: pool).add(user: user.id, name: "test")
        Recorder<String>.secrets.record(token.reveal())
        return Account(id: user.id, name: name, token: token.reveal())
    }

    func connect() async throws -> Peer { try await Peer(port: port) }

    /// One request on a connection of its own.
    func send(_ request: HTTPCall) async throws -> Answer {
        let peer = try await connect()
        let answer = try await peer.call(request)
        await peer.close()
        return answer
    }

    /// The uploads below `incoming/` and the containers below `ready/`.
    var stagedFiles: [String] {
        let paths = ["incoming", "ready"].flatMap {
            FileManager.default.enumerator(atPath: "\(root)/\($0)")?.compactMap { $0 as? String } ?? []
        }
        // The directories of processes, each with its lock, are no uploads.
        return paths.filter { path in !path.hasSuffix("/lock") && !paths.contains("\(path)/lock") }
    }

    /// The containers that hold an account's files.
    func containers(of account: Account) async throws -> Set<String> {
        let rows = try await pool.query("SELECT container FROM files WHERE owner_id = \(account.id)")
        return Set(try rows.map { try $0.decode("container", as: FileID.self).description })
    }

    /// Descriptors of this process that are open on staged files, removed ones included.
    var openDescriptors: [String] {
        let folder = "/proc/self/fd"
        let all = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return all.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") }
            .filter {
                ($0.hasPrefix(root + "/incoming/") && $0.dropFirst(root.count + 10).contains("/") && !$0.hasSuffix("/lock"))
                    || $0.hasPrefix(root + "/ready/")
            }
    }

    func rows(of account: Account) async throws -> Int {
        let rows = try await pool.query("SELECT count(*) FROM files WHERE owner_id = \(account.id)")
        return try rows[0].decode(at: 0)
    }

    /// Waits until nothing of this account's uploads remains: no bytes, no descriptor; and checks that there is no row.
    func expectNothingLeft(of account: Account, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        #expect(await eventually { stagedFiles.isEmpty && openDescriptors.isEmpty }, "\(stagedFiles)", sourceLocation: sourceLocation)
        #expect(try await rows(of: account) == 0, sourceLocation: sourceLocation)
        #expect(announced.all.isEmpty, sourceLocation: sourceLocation)
    }

    private static func checkLog(_ lines: [String]) throws {
        let secrets = Recorder<String>.secrets.all
        for line in lines {
            #expect(line.hasSuffix("}\n") && line.utf8.dropLast().allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "H38 \(line.debugDescription)")
            #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil, "H38 \(line.debugDescription)")
            #expect(!secrets.contains { line.contains($0) }, "a token in the log")
        }
    }
}
