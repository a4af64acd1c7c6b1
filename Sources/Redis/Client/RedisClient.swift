public import Logging
public import NIOCore
import Platform
public import ServiceLifecycle
import Synchronization

/// A client of one Redis server, shared by all tasks of a process.
///
/// All commands but blocking ones travel over one connection. Commands that tasks submit while the event loop is busy
/// are written together (implicit pipelining), and the server executes them in the order of submission.
///
/// `run()` keeps the connection alive. Without a connection:
/// - While the first connection is made, and during the one immediate attempt after a loss, commands wait, at most until
///   their deadline.
/// - While further attempts fail, commands fail at once with `.unavailable`.
/// - A command that was written when the connection broke fails with `.unavailable` and is never sent twice.
public final class RedisClient: Sendable, Service {
    private enum Phase {
        case idle
        case connecting
        case connected(RedisConnection)
        case down(RedisError)
        case closed
    }

    private struct State {
        var phase = Phase.idle
        var waiting: [RedisRequest] = []
    }

    let configuration: RedisConfiguration
    let connector: RedisConnector
    let dedicated: DedicatedConnections
    private let loop: any EventLoop
    private let logger: Logger
    private let state = Mutex(State())

    /// Runs tasks on the thread that does the client's I/O. A task that sends one command after the other, each after the reply
    /// of the last, saves two changes of threads for each when it prefers this executor; it must not block.
    public let executor: any TaskExecutor

    /// - Parameter eventLoopGroup: must outlive the client.
    public init(configuration: RedisConfiguration, eventLoopGroup: any EventLoopGroup, logger: Logger) {
        self.configuration = configuration
        loop = eventLoopGroup.any()
        executor = EventLoopExecutor(loop)
        self.logger = logger.with([.address: "\(configuration.host):\(configuration.port)"])
        connector = RedisConnector(configuration: configuration, group: loop)
        dedicated = DedicatedConnections(connector: connector, limit: configuration.maximumBlockingConnections)
    }

    /// Whether commands can be sent now. A server that has just died may still count as connected until a reply is overdue.
    public var isConnected: Bool {
        state.withLock { if case .connected = $0.phase { true } else { false } }
    }

    // MARK: Commands

    /// Sends one command and waits for its reply.
    ///
    /// - Parameter deadline: how long to wait; by default `commandDeadline`.
    /// - Throws: `.server` when the server answers with an error, and what `RedisError.Code` lists besides.
    public func send(_ command: RedisCommand, deadline: Duration? = nil) async throws(RedisError) -> RedisValue {
        let request = RedisRequest(command.encoded, timeout: deadline ?? configuration.commandDeadline)
        return try await Self.checked(request.perform(submit).get())
    }

    /// Sends several commands in one write and waits for all replies. Not a transaction: other clients' commands may be
    /// executed in between.
    ///
    /// - Returns: one reply for each command; an error the server reports is a `.error` value among them.
    /// - Throws: `.unavailable` also when one of the replies says that the server cannot serve now; the commands before it
    ///   may have been executed.
    public func send(_ pipeline: [RedisCommand], deadline: Duration? = nil) async throws(RedisError) -> [RedisValue] {
        guard !pipeline.isEmpty else { return [] }
        let request = RedisRequest(pipeline, timeout: deadline ?? configuration.commandDeadline)
        let replies = try await request.perform(submit).get().array ?? []
        for case .error(let sentence) in replies {
            let error = RedisError(server: sentence)
            if error.code == .unavailable { throw error }
        }
        return replies
    }

    static func checked(_ value: RedisValue) throws(RedisError) -> RedisValue {
        if case .error(let sentence) = value { throw RedisError(server: sentence) }
        return value
    }

    private func submit(_ request: RedisRequest) {
        let limit = configuration.maximumPendingCommands
        let (connection, error): (RedisConnection?, RedisError?) = state.withLock { state in
            switch state.phase {
            case .connected(let connection): return (connection, nil)
            case .idle, .connecting:
                guard state.waiting.count < limit else { return (nil, RedisError(.unavailable, "too many commands wait")) }
                state.waiting.append(request)
                return (nil, nil)
            case .down(let cause): return (nil, RedisError(.unavailable, "not connected", underlying: cause))
            case .closed: return (nil, Self.closed)
            }
        }
        if let connection { return connection.submit(request) }
        if let error { return request.fail(error) }
        loop.scheduleTask(deadline: request.deadline) {
            request.fail(RedisError(.unavailable, "no connection within the deadline"))
        }
    }

    private static var closed: RedisError { RedisError(.closed, "the client was shut down") }

    // MARK: Life of the connection

    /// Keeps the connection alive until graceful shutdown or cancellation; then lets the replies under way arrive and closes.
    ///
    /// - Throws: `.configuration` when the certificate authorities cannot be read. A server that is away is no error.
    public func run() async throws {
        try connector.tlsContext()
        await cancelWhenGracefulShutdown { [self] in
            await withTaskCancellationHandler {
                await keepConnected()
            } onCancel: {
                shutDown()
            }
        }
        shutDown()
    }

    private func keepConnected() async {
        var backoff = configuration.backoff
        enter(.connecting)
        while !Task.isCancelled {
            do throws(RedisError) {
                let connection = try await connector.connect()
                let start = ContinuousClock.now
                enter(.connected(connection))
                logger.info("redis connected")
                await connection.closed()
                guard !Task.isCancelled else { return }
                logger.warning("redis connection lost")
                // A server that accepts and hangs up again and again must not be asked again at once.
                if ContinuousClock.now - start > .seconds(1) {
                    backoff.reset()
                    enter(.connecting)
                    continue
                }
                enter(.down(RedisError(.unavailable, "connection lost")))
            } catch {
                // Only the first failure of a series is news.
                logger.log(level: isDown ? .debug : .warning, "redis unavailable", metadata: .init([.error: "\(error)"]))
                enter(.down(error))
            }
            // Ends early, by throwing, when the task is cancelled; the loop looks at that itself.
            try? await Task.sleep(for: backoff.next())
        }
    }

    private var isDown: Bool {
        state.withLock { if case .down = $0.phase { true } else { false } }
    }

    /// Moves to `next`, unless the client is closed, and settles what the commands waiting so far may expect.
    private func enter(_ next: Phase) {
        let (waiting, isClosed) = state.withLock { state in
            if case .closed = state.phase { return ([RedisRequest](), true) }
            state.phase = next
            if case .connecting = next { return ([], false) }
            defer { state.waiting = [] }
            return (state.waiting, false)
        }
        switch next {
        case .connected(let connection):
            if isClosed { connection.drain() }
            for request in waiting { connection.submit(request) }
        case .down(let cause):
            for request in waiting { request.fail(RedisError(.unavailable, "not connected", underlying: cause)) }
        case .closed, .idle, .connecting: break
        }
    }

    /// Refuses new commands and drains the connection. May be called more than once.
    private func shutDown() {
        let (former, waiting) = state.withLock { state in
            defer { state = State(phase: .closed) }
            return (state.phase, state.waiting)
        }
        for request in waiting { request.fail(Self.closed) }
        if case .connected(let connection) = former { connection.drain() }
        dedicated.close(Self.closed)
    }
}
