import CPostgres
import Platform

/// One connection: an actor that runs on a thread of its own, where libpq may wait.
package actor PostgresConnection {
    /// What to put around the closure of a caller.
    package enum Mode: Sendable {
        case plain
        case transaction(IsolationLevel)
    }

    /// How a use of the connection ended.
    package enum Use<T: Sendable>: Sendable {
        /// The closure ran, or tried to; whether the connection can be used again.
        case done(Result<T, any Error>, isReusable: Bool)
        /// The server had already gone, so nothing was sent.
        case stale
    }

    private let thread: ExclusiveThread
    private nonisolated let waker: Waker
    private var handle: ConnectionHandle?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    package init() throws(PostgresError) {
        waker = try Waker()
        thread = ExclusiveThread(name: "postgres")
    }

    deinit {
        thread.stop()
    }

    package func open(_ configuration: PostgresConfiguration, cancellation: Cancellation) throws(PostgresError) {
        precondition(handle == nil, "a connection is opened once")
        handle = try ConnectionHandle(configuration: configuration, thread: thread, waker: waker, cancellation: cancellation)
    }

    /// Runs a synchronous closure on the connection's thread.
    package func use<T: Sendable>(
        _ mode: Mode, cancellation: Cancellation, _ body: @Sendable (borrowing PostgresSession) throws -> T
    ) -> Use<T> {
        guard let handle, handle.isAlive() else { return .stale }
        handle.cancellation = cancellation
        defer { handle.cancellation = nil }
        let result = Result {
            switch mode {
            case .plain: try body(PostgresSession(handle))
            case .transaction(let isolation): try handle.transaction(isolation, body)
            }
        }
        handle.rollBack()
        return .done(result, isReusable: !handle.isBroken && handle.transactionStatus == PQTRANS_IDLE)
    }

    /// Closes the connection and ends its thread.
    package func close() {
        handle?.close()
        handle = nil
        thread.stop()
    }

    /// Makes a wait in progress look at its cancellation. From any thread.
    package nonisolated func wake() {
        waker.wake()
    }
}
