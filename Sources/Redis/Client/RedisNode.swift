import Logging
import NIOCore
import Platform
import Synchronization

/// One server: a connection that is kept alive for all commands that do not block, and others for those that do.
///
/// `run()` keeps the connection. What becomes of commands without one, says `RedisClient`.
final class RedisNode: Sendable {
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
    let location: RedisLocation
    let dedicated: DedicatedConnections
    private let group: any EventLoopGroup
    private let logger: Logger
    private let state = Mutex(State())

    init(location: RedisLocation, configuration: RedisConfiguration, group: any EventLoopGroup, logger: Logger) {
        self.configuration = configuration
        self.location = location
        self.group = group
        self.logger = logger
        dedicated = DedicatedConnections(location: location, limit: configuration.maximumBlockingConnections)
    }

    var isConnected: Bool {
        state.withLock { if case .connected = $0.phase { true } else { false } }
    }

    func submit(_ request: RedisRequest) {
        let limit = configuration.maximumPendingCommands
        let (connection, error): (RedisConnection?, RedisError?) = state.withLock { state in
            switch state.phase {
            case .connected(let connection): return (connection, nil)
            case .idle, .connecting:
                guard state.waiting.count < limit else { return (nil, RedisError(.unavailable, "too many commands wait")) }
                state.waiting.append(request)
                return (nil, nil)
            case .down(let cause): return (nil, Self.notConnected(cause))
            case .closed: return (nil, Self.closed)
            }
        }
        if let connection { return connection.submit(request) }
        if let error { return request.fail(error) }
        group.any().scheduleTask(deadline: request.deadline) {
            request.fail(RedisError(.unavailable, "no connection within the deadline"))
        }
    }

    static var closed: RedisError { RedisError(.closed, "the client was shut down") }

    private static func notConnected(_ cause: RedisError) -> RedisError {
        RedisError(.unavailable, "not connected: \(cause.message)", underlying: cause)
    }

    // MARK: Life of the connection

    /// Keeps the connection alive until cancellation; then lets the replies under way arrive and closes.
    func run() async {
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                if case .sentinel(let directory) = location.kind {
                    group.addTask { await self.watch(every: directory.sentinels.interval) }
                }
                await keepConnected()
                group.cancelAll()
            }
        } onCancel: {
            shutDown()
        }
        shutDown()
    }

    private func keepConnected() async {
        var backoff = configuration.backoff
        enter(.connecting)
        while !Task.isCancelled, !isClosed {
            do throws(RedisError) {
                let (connection, hasMoved) = try await location.find()
                let start = ContinuousClock.now
                enter(.connected(connection))
                // Whoever blocks on the former primary would wait there for what comes to the new one.
                if hasMoved { dedicated.abandon(RedisError(.unavailable, "the primary has moved")) }
                logger.info("redis connected", metadata: place)
                await connection.closed()
                guard !Task.isCancelled, !isClosed else { return }
                logger.warning("redis connection lost", metadata: place)
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

    private var place: Logger.Metadata { .init([.address: "\(location.current.map(\.endpoint.description) ?? "")"]) }

    /// Leaves a server that the sentinels have replaced while it still answers here. Sentinels that were cut off know less than is known
    /// here, and change nothing.
    private func watch(every interval: Duration) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: interval * Double.random(in: 0.8...1.2))
            guard let connection = connection, let current = location.current, let place = try? await location.locate(),
                place.endpoint != current.endpoint, place.epoch > current.epoch
            else { continue }
            // Not before the other one is there and says that it is the primary.
            guard let other = try? await location.connector.connect(to: place.endpoint, mustBePrimary: true) else { continue }
            other.close(RedisError(.closed, "the primary has been found"))
            connection.close(RedisError(.unavailable, "the sentinels name another primary"))
        }
    }

    private var connection: RedisConnection? {
        state.withLock { if case .connected(let connection) = $0.phase { connection } else { nil } }
    }

    private var isDown: Bool {
        state.withLock { if case .down = $0.phase { true } else { false } }
    }

    private var isClosed: Bool {
        state.withLock { if case .closed = $0.phase { true } else { false } }
    }

    /// Moves to `next`, unless the node is closed, and settles what the commands waiting so far may expect.
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
            for request in waiting { request.fail(Self.notConnected(cause)) }
        case .closed, .idle, .connecting: break
        }
    }

    /// Refuses new commands, drains the connection, and ends `run()`. May be called more than once.
    ///
    /// - Parameter error: what those who wait or block get.
    func shutDown(_ error: RedisError = RedisNode.closed) {
        let (former, waiting) = state.withLock { state in
            defer { state = State(phase: .closed) }
            return (state.phase, state.waiting)
        }
        for request in waiting { request.fail(error) }
        if case .connected(let connection) = former { connection.drain() }
        dedicated.close(error)
    }
}
