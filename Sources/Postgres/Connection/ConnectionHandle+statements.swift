import CPostgres
import Glibc

extension ConnectionHandle {
    /// Where the connection stands with regard to transactions, as libpq last heard.
    var transactionStatus: PGTransactionStatusType { PQtransactionStatus(connection) }

    /// Runs a statement with parameters, prepared once for each connection, or once in a while; see `StatementCache`.
    func run(_ sql: SQL) throws(PostgresError) -> ResultTable {
        if let problem = sql.problem { throw problem }
        let text = sql.text
        try check(text)
        let key = StatementCache.Key(text: text, types: sql.parameters.map(\.type.oid))
        let parameters = try ParameterArena(sql.parameters)
        do throws(PostgresError) {
            let name = if let known = statements.name(for: key) { known } else { try prepare(key) }
            return try exchange(within: statementDeadline) { connection in
                parameters.withPointers { count, values, lengths, formats in
                    PQsendQueryPrepared(connection, name, count, values, lengths, formats, 0)
                }
            }
        } catch  where error.isStalePlan {
            // The tables have changed since, or somebody has thrown the statement away. It was not run, and others are
            // likely to be as stale.
            statements.removeAll()
            mustDeallocate = true
            guard transactionStatus == PQTRANS_IDLE, !isBroken else { throw error }
            return try run(sql)
        }
    }

    /// Runs text with any number of statements and no parameters. `deadline` nil waits as long as it takes.
    func runScript(_ text: String, within deadline: Duration?) throws(PostgresError) -> ResultTable {
        try check(text)
        return try exchange(within: deadline) { PQsendQuery($0, text) }
    }

    private func check(_ text: String) throws(PostgresError) {
        guard !text.utf8.contains(0) else { throw PostgresError(.misuse, "a statement holds a NUL character") }
    }

    private func prepare(_ key: StatementCache.Key) throws(PostgresError) -> String {
        guard key.types.count <= 65_535 else { throw PostgresError(.misuse, "a statement has more than 65535 parameters") }
        if mustDeallocate, transactionStatus != PQTRANS_INERROR {
            _ = try runScript("DEALLOCATE ALL", within: statementDeadline)
            mustDeallocate = false
        }
        if let victim = statements.victim(for: key) {
            _ = try runScript("DEALLOCATE \(victim.name)", within: statementDeadline)
            statements.remove(victim.key)
        }
        let name = statements.makeName()
        _ = try exchange(within: statementDeadline) { PQsendPrepare($0, name, key.text, Int32(key.types.count), key.types) }
        statements.insert(key, name: name)
        return name
    }

    /// Sends, then reads until the server is ready for the next statement. One that fails on the way leaves the connection
    /// broken; an error that the server reports in order does not.
    private func exchange(within limit: Duration?, send: (OpaquePointer?) -> Int32) throws(PostgresError) -> ResultTable {
        checkThread()
        guard !isBroken else { throw PostgresError(.unavailable, "the connection is broken") }
        if let cancellation, cancellation.isCancelled { throw PostgresError(.cancelled, "the calling task was cancelled") }
        let deadline = limit.map { ContinuousClock.now + $0 }
        guard send(connection) == 1 else { throw lost() }
        do throws(PostgresError) {
            try flush(until: deadline)
            return try readResults(until: deadline)
        } catch {
            guard isBroken else { throw error }
            var error = error
            error.isOutcomeUnknown = true
            throw error
        }
    }

    private func flush(until deadline: ContinuousClock.Instant?) throws(PostgresError) {
        while true {
            switch PQflush(connection) {
            case 0: return
            case 1:
                // Reading too: a server that answers before it has read everything would otherwise wait for us for ever.
                if try wait(for: POLLIN | POLLOUT, until: deadline) & POLLIN != 0, PQconsumeInput(connection) == 0 { throw lost() }
            default: throw lost()
            }
        }
    }

    private func readResults(until deadline: ContinuousClock.Instant?) throws(PostgresError) -> ResultTable {
        var table: ResultTable?
        var failure: PostgresError?
        while let result = try nextResult(until: deadline) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                table = ResultTable(result)
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                markBroken()
                throw PostgresError(.misuse, "COPY is not supported")
            default:
                failure = failure ?? PostgresError(result)
            }
        }
        if PQstatus(connection) != CONNECTION_OK { markBroken() }
        if let failure { throw failure }
        guard let table, !isBroken else { throw lost() }
        return table
    }

    /// The next result of the statement under way; nil when it has ended.
    private func nextResult(until deadline: ContinuousClock.Instant?) throws(PostgresError) -> OpaquePointer? {
        while PQisBusy(connection) == 1 {
            _ = try wait(for: POLLIN, until: deadline)
            if PQconsumeInput(connection) == 0 {
                // The last words of the server, if any, are in the result that PQgetResult makes of this.
                markBroken()
                break
            }
        }
        return PQgetResult(connection)
    }
}

/// The parameters of one statement laid out as libpq wants them, in one piece of memory.
private struct ParameterArena {
    private var memory: [UInt8] = []
    /// Where each parameter begins; −1 is NULL.
    private var starts: [Int] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    init(_ parameters: [PostgresParameter]) throws(PostgresError) {
        for parameter in parameters {
            switch parameter.content {
            case .null: append(nil, length: 0, format: 0)
            case .text(let bytes): append(bytes, length: 0, format: 0)
            case .binary(let bytes):
                guard let length = Int32(exactly: bytes.count) else { throw PostgresError(.misuse, "a parameter is too large") }
                append(bytes, length: length, format: 1)
            }
        }
    }

    /// Text is read up to a NUL byte, so one follows each.
    private mutating func append(_ bytes: [UInt8]?, length: Int32, format: Int32) {
        starts.append(bytes == nil ? -1 : memory.count)
        lengths.append(length)
        formats.append(format)
        guard let bytes else { return }
        memory.append(contentsOf: bytes)
        memory.append(0)
    }

    func withPointers<R>(_ body: (Int32, [UnsafePointer<CChar>?], [Int32], [Int32]) -> R) -> R {
        memory.withUnsafeBytes { memory in
            let base = memory.baseAddress?.assumingMemoryBound(to: CChar.self)
            return body(Int32(starts.count), starts.map { start in start < 0 ? nil : base.map { $0 + start } }, lengths, formats)
        }
    }
}
