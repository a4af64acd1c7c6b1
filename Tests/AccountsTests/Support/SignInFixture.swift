import Accounts
import Cryptography
import DatabaseSupport
import Logging
import Platform
import Postgres
import Redis
import RedisSupport
import Synchronization
import TestSupport

/// Everything that signing in needs, on a Redis and a database of the test's own, so that it may look at all that is stored.
struct SignInFixture: Sendable {
    static let password = "correct horse battery"

    let server: RedisServerProcess
    let redis: RedisClient
    let pool: PostgresPool
    let hasher: PasswordHasher
    let hashes = Counter()
    /// Holds back the hashes that have begun.
    let gate = Gate()
    let mails = Outbox<LoginChallengeID>()
    let resetMails = Outbox<PasswordResetID>()
    let signIn: SignIn
    let resets: PasswordResets
    let notices = Outbox<RegistrationNoticeID>()
    let registration: Registration

    /// - Parameter waiting: how many strangers may wait for each of the two threads that hash.
    static func with(
        limits: SessionLimits = SessionLimits(), waiting: Int = 1000, _ body: @escaping @Sendable (SignInFixture) async throws -> Void
    ) async throws {
        let server = try await RedisServerProcess.start()
        try await with(server, at: "redis://127.0.0.1:\(server.port)", limits: limits, waiting: waiting, body)
    }

    /// - Parameter url: where the server, or those that belong to it, can be reached.
    static func with(
        _ server: RedisServerProcess, at url: String, limits: SessionLimits = SessionLimits(), waiting: Int = 1000,
        _ body: @escaping @Sendable (SignInFixture) async throws -> Void
    ) async throws {
        try await TestDatabase.withMigratedPool { pool in
            try await RedisClient.with(url) { redis in
                let threads = BlockingPool(name: "passwords", size: 2)
                try await body(SignInFixture(server: server, redis: redis, pool: pool, threads: threads, limits: limits, waiting: waiting))
                await threads.shutDown()
            }
        }
    }

    private init(
        server: RedisServerProcess, redis: RedisClient, pool: PostgresPool, threads: BlockingPool, limits: SessionLimits, waiting: Int
    ) throws {
        (self.server, self.redis, self.pool) = (server, redis, pool)
        guard let key = SignInKey(Secret(String(repeating: "k", count: 32))), let cost = Scrypt.Cost(logN: 4, r: 8, p: 1) else {
            throw Unexpected()
        }
        hasher = PasswordHasher(pool: threads, waiting: waiting, cost: cost) { [hashes, gate] password, salt, cost in
            hashes.increment()
            gate.pass()
            return Scrypt.derive(password: password, salt: salt, cost: cost)
        }
        let sessions = SessionStore(client: redis, limits: limits, key: key)
        signIn = SignIn(
            pool: pool, sessions: sessions, captchas: CaptchaStore(client: redis, pool: pool, key: key), hasher: hasher, key: key,
            announce: mails.add)
        resets = PasswordResets(pool: pool, sessions: sessions, hasher: hasher, key: key, announce: resetMails.add)
        registration = Registration(pool: pool, redis: redis, hasher: hasher, announce: notices.add)
    }

    /// What a step of a test came to that none of its expectations foresees.
    struct Unexpected: Error {}

    // MARK: People

    var administration: UserAdministration { UserAdministration(pool: pool, redis: redis) }

    /// A new user with the usual password.
    func member(_ name: String = "miami") async throws -> User {
        try await signIn.users.add(name: name, email: "\(name)@example.org", password: hasher.hash(Secret(Self.password)))
    }

    /// One try at the login form, in a session of its own unless told otherwise, with the captcha solved.
    func begin(
        _ login: String, _ password: String = Self.password, in session: Session? = nil, from visitor: Visitor = .somewhere
    ) async throws -> LoginOutcome {
        let session = session ?? signIn.sessions.open()
        let captcha = signIn.captchas.make(for: session)
        let attempt = LoginAttempt(login: login, password: Secret(password), captcha: captcha, answer: try letters(of: captcha, session))
        return try await signIn.begin(attempt, in: session, visitor)
    }

    /// What a captcha shows.
    func letters(of captcha: CaptchaID, _ session: Session) throws -> String {
        guard let challenge = signIn.captchas.find(captcha, for: session) else { throw Unexpected() }
        return challenge.letters
    }

    /// A session that waits for its code.
    func awaiting(_ login: String = "miami", from visitor: Visitor = .somewhere) async throws -> Session {
        guard case .challenged(let session, _) = try await begin(login, from: visitor) else { throw Unexpected() }
        return session
    }

    /// The code of the last mail.
    func lastCode() async throws -> String {
        guard let id = mails.items.last, let mail = try await signIn.mail(for: id) else { throw Unexpected() }
        return mail.code.reveal()
    }

    /// Signs in all the way.
    func enter(_ login: String = "miami", from visitor: Visitor = .somewhere) async throws -> (session: Session, device: OpaqueToken?) {
        let session = try await awaiting(login, from: visitor)
        guard case .signedIn(let entered, let device) = try await signIn.confirm(lastCode(), in: session, visitor) else {
            throw Unexpected()
        }
        return (entered, device)
    }

    /// As if so much had been taken from a lane without pauses.
    func fill(_ lane: String, _ count: Int) async throws {
        let key = RedisArgument("{sess}th:\(lane)")
        _ = try await redis.send(RedisCommand("HSET", key, "n", RedisArgument(count)))
        _ = try await redis.send(RedisCommand("EXPIRE", key, 3600))
    }

    /// How much was taken from a lane.
    func taken(_ lane: String) async throws -> Int64 {
        try await redis.send(RedisCommand("HGET", RedisArgument("{sess}th:\(lane)"), "n")).int ?? 0
    }

    /// As if the minute between two codes had passed.
    func passMinute() async throws {
        for key in try await redis.send(RedisCommand("KEYS", "{sess}th:code:*")).array ?? [] {
            _ = try await redis.send(RedisCommand("DEL", RedisArgument(key.string ?? "")))
        }
    }

    // MARK: Meanwhile

    /// Runs `body` while another transaction has some rows, so that a step that needs them is held in the middle.
    ///
    /// - Parameter rows: `SELECT … FOR UPDATE`
    func holding<T: Sendable>(_ rows: SQL, _ body: () async throws -> T) async throws -> T {
        let (hold, isHeld) = (Gate(), Counter())
        hold.close()
        defer { hold.open() }
        let holder = Task { [pool] in
            try await pool.transaction { sql in
                try sql.execute(rows)
                isHeld.increment()
                hold.pass()
            }
        }
        try await awaitTruth("the rows are locked") { isHeld.value > 0 }
        let value = try await body()
        hold.open()
        try await holder.value
        return value
    }

    /// Until a step waits for what `holding` has.
    func awaitWaiter() async throws {
        try await awaitTruth("a step waits for the rows") { try await waiters() > 0 }
    }

    /// How many statements wait for a lock.
    func waiters() async throws -> Int {
        let waiting = try await pool.query(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return try waiting[0].decode("n")
    }

    // MARK: Looking

    /// What became of a session; polling.
    func look(_ session: Session) async throws -> SessionLookup {
        try await signIn.sessions.touch(session.ticket, isActivity: false)
    }

    /// Why a session is gone; nil while it is not.
    func end(of session: Session) async throws -> SessionEnd? {
        if case .gone(let end) = try await look(session) { end } else { nil }
    }

    /// The key of a session.
    func key(of session: Session) -> RedisArgument {
        let identifier = session.ticket.cookie.prefix { $0 != "." }
        return RedisArgument("{sess}s:\(SHA256Hasher.digest(of: Array(identifier.utf8)))")
    }

    func ttl(of session: Session) async throws -> Int64 {
        try await redis.send(RedisCommand("PTTL", key(of: session))).int ?? -3
    }
}

extension Visitor {
    static let somewhere = Visitor(network: NetworkAddress("192.0.2.1"), device: "a browser")

    /// From a network nobody else has.
    static func elsewhere(device: OpaqueToken? = nil) -> Visitor {
        Visitor(network: .random, device: "another browser", deviceToken: device)
    }
}

extension NetworkAddress {
    static var random: NetworkAddress {
        NetworkAddress((0..<4).map { _ in String(UInt8.random(in: 1...254)) }.joined(separator: "."))
    }
}

final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func increment() {
        count.withLock { $0 += 1 }
    }
}

/// The code of the error that `body` throws.
func accountsCode(_ body: () async throws -> Void) async -> AccountsError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? AccountsError)?.code
    }
}

/// Whether a call that needs a place among the hashes finds none. One that waits is cancelled after a while.
func isSentAway(_ body: @escaping @Sendable () async throws -> Void) async -> Bool {
    let call = Task { await accountsCode(body) }
    let watch = Task {
        try await Task.sleep(for: .seconds(5).stretched)
        call.cancel()
    }
    defer { watch.cancel() }
    return await call.value == .busy
}
