import Accounts
import Curl
import DatabaseSupport
import Foundation
import Jobs
import Logging
import NIOPosix
import Platform
import Postgres
import Redis
import RedisSupport
import TestSupport
import Testing
import Worker

/// All that the mails of signing in need: a database, a Redis server of one test's own, the domain, and a way to send.
struct MailFixture: Sendable {
    static let site = PublicAddress("https://files.example.org")

    static let key = String(repeating: "k", count: 32)

    let database: TestDatabase
    let pool: PostgresPool
    let server: RedisServerProcess
    let redis: RedisClient
    let signIn: SignIn
    let resets: PasswordResets
    let registration: Registration
    let hasher: PasswordHasher
    let handler: SendMailHandler
    let metrics = PrometheusRegistry()

    /// - Parameter smtp: where to send; unless given, to the sink of the local stack.
    static func with(
        smtp: SMTPConfiguration? = nil, _ body: @escaping @Sendable (MailFixture) async throws -> Void
    ) async throws {
        let smtp = try smtp ?? SMTPConfiguration(url: ServiceURL(TestServer.smtp.url))
        let server = try await RedisServerProcess.start()
        let client = try RedisClient(
            configuration: RedisConfiguration(url: ServiceURL("redis://127.0.0.1:\(server.port)")).stretched,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: .silent)
        let threads = BlockingPool(name: "passwords", size: 1)
        let engine = CurlEngine(logger: .silent)
        try await TestDatabase.migrated { database in
            try await TestDatabase.withPool(database.configuration) { pool in
                let fixture = try MailFixture(
                    database: database, pool: pool, server: server, redis: client, threads: threads,
                    mailer: SMTPClient(engine: engine, configuration: smtp, logger: .silent))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await client.run() }
                    defer { group.cancelAll() }
                    try await body(fixture)
                }
            }
        }
        await engine.close()
        await threads.shutDown()
    }

    private init(
        database: TestDatabase, pool: PostgresPool, server: RedisServerProcess, redis: RedisClient, threads: BlockingPool,
        mailer: SMTPClient
    ) throws {
        (self.database, self.pool, self.server, self.redis) = (database, pool, server, redis)
        let key = try #require(SignInKey(Secret(Self.key)))
        let site = try #require(Self.site)
        let sessions = SessionStore(client: redis, limits: SessionLimits(), key: key)
        let jobs = MailJobs(client: redis)
        hasher = PasswordHasher(pool: threads)
        signIn = SignIn(
            pool: pool, sessions: sessions, captchas: CaptchaStore(client: redis, pool: pool, key: key), hasher: hasher, key: key
        ) { try await jobs.enqueue(SendMail(.loginCode, number: $0.rawValue)) }
        resets = PasswordResets(pool: pool, sessions: sessions, hasher: hasher, key: key) {
            try await jobs.enqueue(SendMail(.resetLink, number: $0.rawValue))
        }
        registration = Registration(pool: pool, redis: redis, hasher: hasher) {
            try await jobs.enqueue(SendMail(.registration, number: $0.rawValue))
        }
        let sender = try MailAddress("sluice@example.org", name: "Sluice")
        let writer = MailWriter(sender: sender, site: site, login: signIn.mail, reset: resets.mail, registration: registration.mail)
        handler = SendMailHandler(writer: writer, client: mailer, notes: DeliveryNotes(note: signIn.note), metrics: metrics)
    }

    var queue: RedisJobQueue {
        get throws { try RedisJobQueue(client: redis, name: SendMail.queue) }
    }

    // MARK: People and their mails

    /// An address that no other test has.
    static func address() -> String { "u\(UUIDv7().description.suffix(12))@example.org" }

    /// A user's number; whatever the texts are, beside all checks.
    func user(_ address: String, name: String = "u\(UUIDv7())", fullName: String = "") async throws -> UserID {
        let rows = try await pool.query(
            "INSERT INTO users (name, email, full_name) VALUES (\(name), \(address), \(fullName)) RETURNING id")
        return try rows[0].decode("id")
    }

    /// A login code on its way, made `age` ago.
    func challenge(of user: UserID, age: Duration = .zero) async throws -> SendMail {
        let job = SendMail(.loginCode, number: UUIDv7(milliseconds: UUIDv7().milliseconds - age.components.seconds * 1000))
        let life = SendMail.Kind.loginCode.usefulLife - age
        try await pool.execute("UPDATE login_challenges SET voided_at = now() WHERE user_id = \(user) AND voided_at IS NULL")
        try await pool.execute(
            """
            INSERT INTO login_challenges (id, nonce, user_id, session, expires_at)
            VALUES (\(job.number), decode(repeat('a1', 32), 'hex'), \(user), decode(repeat('b2', 32), 'hex'),
                now() + make_interval(secs => \(life / .seconds(1))))
            """)
        return job
    }

    func code(of job: SendMail) async throws -> String? {
        try await signIn.mail(for: LoginChallengeID(rawValue: job.number))?.code.reveal()
    }

    /// What the page that asks for the code would say of its mail.
    func delivery(of job: SendMail) async throws -> String? {
        try await pool.query("SELECT delivery FROM login_challenges WHERE id = \(job.number)").first?.decode("delivery", as: String?.self)
            ?? nil
    }

    // MARK: Work

    func send(
        _ job: SendMail, logger: Logger = .silent, isCurrent: @escaping @Sendable () -> Bool = { true }
    ) async -> JobOutcome {
        await handler.handle(job, run(logger: logger, isCurrent: isCurrent))
    }

    /// A counter of the Prometheus page; nil while it is 0 or not there.
    func count(_ series: String) -> Int? {
        let page = String(decoding: metrics.render(), as: UTF8.self)
        let line = page.split(separator: "\n").first { $0.hasPrefix(series + " ") }
        return line.flatMap { Int($0.dropFirst(series.utf8.count + 1)) }.flatMap { $0 == 0 ? nil : $0 }
    }

    /// Runs a worker of the queue of mails, as in production, for the length of `body`.
    func working(_ body: @Sendable () async throws -> Void) async throws {
        var registry = JobRegistry()
        registry.register(SendMail.self, handler.handle)
        let worker = try JobWorker(client: redis, queues: [.mail(concurrency: 4)], registry: registry, logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }
}

extension SMTPServerProcess {
    /// For a client in a test.
    var configuration: SMTPConfiguration {
        var configuration = SMTPConfiguration(host: "127.0.0.1", port: port, requiresTLS: false)
        configuration.connectTimeout = .seconds(2).stretched
        configuration.responseTimeout = .seconds(5).stretched
        return configuration
    }
}
