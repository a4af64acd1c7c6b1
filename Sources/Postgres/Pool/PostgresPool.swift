public import Logging
import Platform
public import ServiceLifecycle
import Synchronization

/// A bounded set of connections to one database.
///
/// It works from the moment it is made; `run()` ties it to the life of the process and closes it at graceful shutdown, when
/// those who hold a connection finish and everybody else gets `.closed`. While the server cannot be reached, calls fail
/// at once with `.unavailable`, and one at a time tries again after a growing delay. A connection that was lost, or whose
/// statement was given up (cancelled, timed out), is closed and never used again.
public final class PostgresPool: Sendable, Service {
    typealias Waiter = CheckedContinuation<Grant, any Error>

    /// What a waiter gets.
    enum Grant: Sendable {
        case use(PostgresConnection)
        case open
    }

    struct Shared {
        var pool: PoolState<PostgresConnection, Waiter>
        var backoff = Backoff(base: .milliseconds(50), cap: .seconds(2))
    }

    public let configuration: PostgresConfiguration
    let logger: Logger
    let shared: Mutex<Shared>

    /// - Throws: `.configuration` when a setting makes no sense.
    public convenience init(configuration: PostgresConfiguration, logger: Logger) throws(PostgresError) {
        try configuration.validate()
        self.init(valid: configuration, logger: logger)
    }

    private init(valid configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        shared = Mutex(Shared(pool: PoolState(capacity: configuration.poolSize)))
    }

    /// Waits for graceful shutdown or cancellation, then closes the pool.
    public func run() async throws {
        try? await gracefulShutdown()
        await close()
    }

    /// Refuses new calls and closes the connections: idle ones now, the others when they come back.
    public func close() async {
        let (idle, waiters) = shared.withLock { $0.pool.close() }
        for waiter in waiters { waiter.resume(throwing: PostgresError(.closed, "the pool is closed")) }
        for connection in idle { await connection.close() }
    }

    /// Connections open or being opened, and callers that wait for one.
    public var statistics: (connections: Int, waiting: Int) {
        shared.withLock { ($0.pool.total, $0.pool.waiting) }
    }

    /// Whether the last attempt to open a connection failed.
    public var isFailing: Bool { shared.withLock { $0.pool.isFailing } }

    /// The same, and no connection is left from before.
    public var isAway: Bool { shared.withLock { $0.pool.isAway } }

    /// Runs one statement in a transaction of its own and returns all its rows. Given up by the server, it is run again as a
    /// `transaction` is; its outcome can be as unknown.
    public func query(_ sql: SQL) async throws(PostgresError) -> [PostgresRow] {
        try await statement { session throws(PostgresError) in try session.query(sql) }
    }

    /// Runs one statement as `query` does and returns how many rows it affected.
    @discardableResult
    public func execute(_ sql: SQL) async throws(PostgresError) -> Int {
        try await statement { session throws(PostgresError) in try session.execute(sql) }
    }

    /// Lends a connection to a synchronous closure, without a transaction around it.
    ///
    /// The closure runs on the connection's thread and may run statements, nothing slow besides. A transaction it leaves open
    /// is rolled back. Session settings it changes stay changed for the next user of the connection.
    public func withSession<T: Sendable>(_ body: @escaping @Sendable (borrowing PostgresSession) throws -> T) async throws -> T {
        try await use(.plain, body)
    }

    /// Runs a synchronous closure in a transaction: COMMIT when it returns, ROLLBACK when it throws.
    ///
    /// When the server gives the transaction up in favour of another one (40001, 40P01), all of it is run again, up to
    /// `transactionAttempts` times: the closure must have no effects but its statements. Cancelling the task stops the
    /// statement under way; a COMMIT already sent is waited for.
    ///
    /// - Throws: what the closure throws, or `PostgresError`. `isOutcomeUnknown` is set when the connection was lost
    ///   between sending COMMIT and its answer.
    public func transaction<T: Sendable>(
        isolation: IsolationLevel = .readCommitted, _ body: @escaping @Sendable (borrowing PostgresSession) throws -> T
    ) async throws -> T {
        try await repeated { try await use(.transaction(isolation), body) }
    }

    /// Tries what the server gives up in favour of another transaction again.
    private func repeated<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        var backoff = Backoff(base: .milliseconds(2), cap: .milliseconds(100))
        var attemptsLeft = configuration.transactionAttempts
        // Each connection can turn out to have prepared a statement before a table changed.
        var refreshesLeft = configuration.poolSize
        while true {
            do {
                return try await body()
            } catch let error as PostgresError where error.isSerializationFailure && attemptsLeft > 1 {
                attemptsLeft -= 1
                logger.debug("a transaction runs again", metadata: .init([.sqlState: "\(error.sqlState ?? "")"]))
            } catch let error as PostgresError where error.isStalePlan && refreshesLeft > 0 {
                refreshesLeft -= 1
                continue
            }
            do {
                try await Task.sleep(for: backoff.next())
            } catch {
                throw PostgresError(.cancelled, "the calling task was cancelled")
            }
        }
    }

    /// `use` for bodies that throw nothing but `PostgresError`.
    private func statement<T: Sendable>(
        _ body: @escaping @Sendable (borrowing PostgresSession) throws(PostgresError) -> T
    ) async throws(PostgresError) -> T {
        do {
            return try await repeated { try await use(.plain) { session in try body(session) } }
        } catch let error as PostgresError {
            throw error
        } catch {
            preconditionFailure("the pool and a statement throw PostgresError only")
        }
    }
}
