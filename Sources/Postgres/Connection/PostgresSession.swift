import CPostgres

/// A connection lent to a synchronous closure, on the connection's own thread.
///
/// It cannot be copied or kept: when the closure ends, so does the use of the connection.
public struct PostgresSession: ~Copyable {
    private let handle: ConnectionHandle

    // Never inlined: Swift 6.3.1 crashes when it specialises a generic function into which the making of a noncopyable value
    // has been inlined ("Cannot initialize a nonCopyable type with a guaranteed value").
    @inline(never)
    init(_ handle: ConnectionHandle) {
        self.handle = handle
    }

    /// Runs one statement and returns all its rows.
    public borrowing func query(_ sql: SQL) throws(PostgresError) -> [PostgresRow] {
        try handle.run(sql).rows
    }

    /// Runs one statement and returns how many rows it inserted, updated, deleted or selected.
    @discardableResult
    public borrowing func execute(_ sql: SQL) throws(PostgresError) -> Int {
        try handle.run(sql).affectedRows
    }

    /// Runs text that holds any number of statements, such as a migration. Constants only.
    ///
    /// - Parameter deadline: how long this side waits for all of it; nil leaves it to the server's limits.
    public borrowing func script(unsafeRaw text: String, deadline: Duration? = nil) throws(PostgresError) {
        _ = try handle.runScript(text, within: deadline)
    }
}

/// How strictly concurrent transactions are kept apart (PostgreSQL manual, section 13.2).
public enum IsolationLevel: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}

extension ConnectionHandle {
    /// Runs `body` between BEGIN and COMMIT; ROLLBACK when it throws.
    func transaction<T>(_ isolation: IsolationLevel, _ body: (borrowing PostgresSession) throws -> T) throws -> T {
        _ = try runScript(isolation == .readCommitted ? "BEGIN" : "BEGIN ISOLATION LEVEL \(isolation.rawValue)", within: statementDeadline)
        let value: T
        do {
            value = try body(PostgresSession(self))
            guard transactionStatus == PQTRANS_INTRANS else {
                throw PostgresError(.misuse, "the transaction ended or failed inside its closure, which did not throw")
            }
        } catch {
            rollBack()
            // COMMIT was never sent, so nothing of this transaction stays, whatever became of the connection.
            guard var error = error as? PostgresError else { throw error }
            error.isOutcomeUnknown = false
            throw error
        }
        // From here on the caller's change of mind comes too late: the outcome is worth more than the few milliseconds.
        return try uninterrupted { () throws(PostgresError) in
            let result = try runScript("COMMIT", within: statementDeadline)
            guard result.commandTag == "COMMIT" else { throw PostgresError(.server, "the server rolled the transaction back") }
            return value
        }
    }

    /// Leaves a transaction if there is one. What cannot be rolled back is closed by the pool.
    func rollBack() {
        guard !isBroken, transactionStatus != PQTRANS_IDLE else { return }
        uninterrupted { () throws(Never) in
            do throws(PostgresError) {
                _ = try runScript("ROLLBACK", within: statementDeadline)
            } catch {
                markBroken()
            }
        }
    }

    private func uninterrupted<T, E: Error>(_ body: () throws(E) -> T) throws(E) -> T {
        let saved = cancellation
        cancellation = nil
        defer { cancellation = saved }
        return try body()
    }
}
