import Logging
import Platform
import Synchronization

extension PostgresPool {
    /// Runs `body` on a connection and returns the connection, or throws it away.
    func use<T: Sendable>(
        _ mode: PostgresConnection.Mode, _ body: @escaping @Sendable (borrowing PostgresSession) throws -> T
    ) async throws -> T {
        let cancellation = Cancellation()
        while true {
            let connection = try await acquire(cancellation)
            let use = await withTaskCancellationHandler {
                await connection.use(mode, cancellation: cancellation, body)
            } onCancel: {
                cancellation.cancel()
                connection.wake()
            }
            switch use {
            case .done(let result, isReusable: true):
                await release(connection)
                return try result.get()
            case .done(let result, isReusable: false):
                await discard(connection)
                return try result.get()
            case .stale:
                // The server ended it while it was idle (a restart, an administrator): nobody need know.
                await discard(connection)
            }
        }
    }

    private func acquire(_ cancellation: Cancellation) async throws -> PostgresConnection {
        guard !Task.isCancelled else { throw PostgresError(.cancelled, "the calling task was cancelled") }
        switch shared.withLock({ $0.pool.acquire(at: .now) }) {
        case .use(let connection): return connection
        case .open: return try await open(cancellation)
        case .fail(let error): throw error
        case .wait:
            switch try await wait() {
            case .use(let connection): return connection
            case .open: return try await open(cancellation)
            }
        }
    }

    /// Waits in the queue until a connection or the permission to open one comes, the deadline passes or the task is cancelled.
    private func wait() async throws -> Grant {
        let ticket = Ticket()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                try await Task.sleep(for: configuration.acquireTimeout)
                withdraw(ticket, PostgresError(.timeout, "no connection became free in time"))
            }
            defer { group.cancelAll() }
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { enqueue($0, ticket) }
            } onCancel: { [self] in
                withdraw(ticket, PostgresError(.cancelled, "the calling task was cancelled"))
            }
        }
    }

    private func enqueue(_ continuation: Waiter, _ ticket: Ticket) {
        let decision = shared.withLock { shared -> PoolState<PostgresConnection, Waiter>.Decision in
            // Asked under the lock that `withdraw` takes: a cancellation is seen by one of the two.
            guard !ticket.isWithdrawn, !Task.isCancelled else {
                return .fail(PostgresError(.cancelled, "the calling task was cancelled"))
            }
            let decision = shared.pool.acquire(at: .now)
            if case .wait = decision { ticket.set(shared.pool.enqueue(continuation)) }
            return decision
        }
        resume(continuation, with: decision)
    }

    private func withdraw(_ ticket: Ticket, _ error: PostgresError) {
        let waiter = shared.withLock { shared in ticket.withdraw().flatMap { shared.pool.withdraw($0) } }
        waiter?.resume(throwing: error)
    }

    private func resume(_ waiter: Waiter, with decision: PoolState<PostgresConnection, Waiter>.Decision) {
        switch decision {
        case .use(let connection): waiter.resume(returning: .use(connection))
        case .open: waiter.resume(returning: .open)
        case .fail(let error): waiter.resume(throwing: error)
        case .wait: break
        }
    }

    private func open(_ cancellation: Cancellation) async throws -> PostgresConnection {
        do {
            let connection = try PostgresConnection()
            do {
                try await withTaskCancellationHandler {
                    try await connection.open(configuration, cancellation: cancellation)
                } onCancel: {
                    cancellation.cancel()
                    connection.wake()
                }
            } catch {
                await connection.close()
                throw error
            }
            let wasFailing = shared.withLock { shared in
                defer {
                    shared.pool.opened()
                    shared.backoff.reset()
                }
                return shared.pool.isFailing
            }
            if wasFailing { logger.info("connected to the database again") }
            return connection
        } catch let error as PostgresError {
            openFailed(error)
            throw error
        }
    }

    private func openFailed(_ error: PostgresError) {
        let (isFirst, decisions) = shared.withLock { shared in
            let isFirst = !shared.pool.isFailing && error.code != .cancelled
            let now = ContinuousClock.now
            let retryAt = error.code == .cancelled ? nil : now + shared.backoff.next()
            return (isFirst, shared.pool.openFailed(error, retryAt: retryAt, at: now))
        }
        if isFirst { logger.warning("cannot connect to the database", metadata: .init([.error: "\(error)"])) }
        for (waiter, decision) in decisions { resume(waiter, with: decision) }
    }

    private func release(_ connection: PostgresConnection) async {
        let (waiter, mustClose) = shared.withLock { $0.pool.release(connection) }
        waiter?.resume(returning: .use(connection))
        if mustClose { await connection.close() }
    }

    private func discard(_ connection: PostgresConnection) async {
        // First closed, then replaced: the server never sees more connections than the pool may have.
        await connection.close()
        let decisions = shared.withLock { $0.pool.discarded(at: .now) }
        for (waiter, decision) in decisions { resume(waiter, with: decision) }
    }
}

/// The place of one caller in the queue, shared by its task, its deadline and its cancellation.
private final class Ticket: Sendable {
    private struct State {
        var id: UInt64?
        var isWithdrawn = false
    }

    private let state = Mutex(State())

    var isWithdrawn: Bool { state.withLock { $0.isWithdrawn } }

    func set(_ id: UInt64) {
        state.withLock { $0.id = id }
    }

    func withdraw() -> UInt64? {
        state.withLock { state in
            state.isWithdrawn = true
            return state.id
        }
    }
}
