import CPostgres
import Glibc
import Platform

/// Owns one `PGconn` and drives it without ever blocking outside `poll`, which obeys a deadline and the waker.
///
/// Not `Sendable`: it is made, used and closed on one `ExclusiveThread`, and checks that on every statement.
final class ConnectionHandle {
    let thread: ExclusiveThread
    let waker: Waker
    let statementDeadline: Duration
    private(set) var connection: OpaquePointer?
    var statements: StatementCache
    /// The server may still know statements that `statements` has forgotten.
    var mustDeallocate = false
    /// Of the operation under way; nil while it must not be interrupted (ROLLBACK, COMMIT).
    var cancellation: Cancellation?
    /// Something was left unfinished or the server is gone: nothing may be sent any more.
    private(set) var isBroken = false

    /// Opens a connection.
    init(
        configuration: PostgresConfiguration, thread: ExclusiveThread, waker: Waker, cancellation: Cancellation
    ) throws(PostgresError) {
        self.thread = thread
        self.waker = waker
        self.cancellation = cancellation
        statementDeadline = configuration.statementDeadline
        statements = StatementCache(capacity: configuration.statementCacheSize, listLifetime: configuration.listStatementLifetime)
        connection = ConnectionParameters(configuration).startConnecting()
        do throws(PostgresError) {
            try connect(until: .now + configuration.connectTimeout)
        } catch {
            close()
            guard error.code == .timeout else { throw error }
            throw PostgresError(.unavailable, "cannot connect: no answer within the connect timeout")
        }
    }

    deinit {
        // For an owner that forgot to close. Nobody else can hold the connection any more, and PQfinish calls nothing back.
        PQfinish(connection)
    }

    /// Says goodbye to the server and frees everything. Also right after a failed connect.
    func close() {
        checkThread()
        isBroken = true
        PQfinish(connection)
        connection = nil
    }

    func checkThread() {
        precondition(thread.isIsolatingCurrentContext() == true, "a Postgres connection was used outside its thread")
    }

    func markBroken() {
        isBroken = true
    }

    private func connect(until deadline: ContinuousClock.Instant) throws(PostgresError) {
        guard let connection, PQstatus(connection) != CONNECTION_BAD else { throw connectError() }
        sluice_silence_notices(connection)
        // "Writing" is what libpq asks to be assumed before the first PQconnectPoll.
        var state = PGRES_POLLING_WRITING
        while state != PGRES_POLLING_OK {
            switch state {
            case PGRES_POLLING_READING: _ = try wait(for: POLLIN, until: deadline)
            case PGRES_POLLING_WRITING: _ = try wait(for: POLLOUT, until: deadline)
            default: throw connectError()
            }
            state = PQconnectPoll(connection)
        }
        guard PQsetnonblocking(connection, 1) == 0 else { throw connectError() }
    }

    /// Waits until the socket is ready. Asks for the socket each time, since libpq changes it while it connects.
    ///
    /// - Throws: `.timeout` and `.cancelled` leave the connection broken, because an answer may still be on its way.
    func wait(for events: Int32, until deadline: ContinuousClock.Instant?) throws(PostgresError) -> Int32 {
        while true {
            if let cancellation, cancellation.isCancelled {
                isBroken = true
                throw PostgresError(.cancelled, "the calling task was cancelled")
            }
            let socket = PQsocket(connection)
            guard socket >= 0 else { throw lost() }
            let timeout = try milliseconds(until: deadline)
            var ready: (socket: pollfd, waker: pollfd) = (
                pollfd(fd: socket, events: Int16(events), revents: 0), pollfd(fd: waker.descriptor, events: Int16(POLLIN), revents: 0)
            )
            let count = withUnsafeMutableBytes(of: &ready) { poll($0.assumingMemoryBound(to: pollfd.self).baseAddress, 2, timeout) }
            if count < 0, errno != EINTR { throw lost() }
            if count > 0, ready.waker.revents != 0 { waker.drain() }
            if count > 0, ready.socket.revents != 0 { return Int32(ready.socket.revents) }
        }
    }

    private func milliseconds(until deadline: ContinuousClock.Instant?) throws(PostgresError) -> Int32 {
        guard let deadline else { return -1 }
        let rest = ContinuousClock.now.duration(to: deadline)
        guard rest > .zero else {
            isBroken = true
            throw PostgresError(.timeout, "the server did not answer in time")
        }
        return Int32(clamping: rest.milliseconds)
    }

    /// Whether a connection that nothing was asked of is still there. Reads what the server sent unasked.
    func isAlive() -> Bool {
        guard !isBroken, PQstatus(connection) == CONNECTION_OK else { return false }
        var ready = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        while poll(&ready, 1, 0) > 0 {
            // PQisBusy makes libpq take the message apart, so that a farewell is seen as such.
            guard PQconsumeInput(connection) == 1, PQisBusy(connection) == 0, PQstatus(connection) == CONNECTION_OK else {
                isBroken = true
                return false
            }
        }
        return true
    }

    func lost() -> PostgresError {
        isBroken = true
        var error = PostgresError(.unavailable, "the connection was lost", serverMessage: errorMessage)
        error.isOutcomeUnknown = true
        return error
    }

    /// Names host, port, user and reason, which an operator needs; libpq never puts the password there.
    private func connectError() -> PostgresError {
        isBroken = true
        return PostgresError(.unavailable, "cannot connect: \(errorMessage)")
    }

    var errorMessage: String {
        guard let connection, let text = PQerrorMessage(connection) else { return "out of memory" }
        return String(cString: text).split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
