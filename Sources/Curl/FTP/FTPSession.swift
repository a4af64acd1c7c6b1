import CCurl

/// The FTP operations as a lane runs them: plain sequences of transfers on one connection.
struct FTPSession {
    let lane: CurlSession
    let target: FTPTarget

    /// Sends commands that carry no data. One that begins with `*` may fail.
    ///
    /// - Returns: how the last transfer ended, and the last reply.
    func command(_ commands: [String], onReply: ((ServerReply) -> Bool)? = nil) -> (outcome: CurlOutcome, reply: ServerReply?) {
        var result = attempt(commands, onReply: onReply)
        if Self.isStale(result.outcome, reply: result.reply) { result = attempt(commands, onReply: onReply) }
        return result
    }

    private func attempt(_ commands: [String], onReply: ((ServerReply) -> Bool)?) -> (outcome: CurlOutcome, reply: ServerReply?) {
        let exchange = CurlExchange()
        exchange.onReply = onReply
        let outcome = lane.perform(.command, exchange) { options in
            target.apply(to: options)
            options.set(CURLOPT_URL, target.url(target.directory.urlDirectory))
            options.set(CURLOPT_NOBODY, true)
        } configure: { options in
            options.set(CURLOPT_QUOTE, commands)
        }
        return (outcome, exchange.lastReply)
    }

    /// Whether the kept connection had been closed by the server, so that nothing has happened and a new one is worth a try. After
    /// any other reply than the one that says so, something may have happened.
    static func isStale(_ outcome: CurlOutcome, reply: ServerReply?) -> Bool {
        guard !outcome.madeConnection, !outcome.isSuccess, reply == nil || reply?.code == 421 else { return false }
        switch outcome.code {
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING: return true
        case CURLE_OPERATION_TIMEDOUT: return reply?.code == 421
        default: return false
        }
    }

    func size(of path: FTPPath) throws(FTPError) -> Int64? {
        var size: Int64?
        let (outcome, reply) = command(["TYPE I", "SIZE \(path.text)"]) { reply in
            if reply.code == 213 { size = Int64(reply.text.prefix { $0 != " " }) }
            return true
        }
        if outcome.isSuccess, let size { return size }
        if let reply, reply.code == 550, outcome.code == CURLE_QUOTE_ERROR, FTPFailure.saysDenied(reply.text) != true { return nil }
        if outcome.isSuccess { throw FTPError(.retry, replyCode: reply?.code, message: "SIZE: an answer without a size") }
        throw FTPFailure.error(outcome, reply: reply, stage: .command, doing: "SIZE")
    }

    /// RFC 959 answers 550 both to "no such file" and to "access denied". The text decides where it tells; else whether
    /// the file is still there (row 73).
    func delete(_ path: FTPPath) throws(FTPError) -> Bool {
        let (outcome, reply) = command(["DELE \(path.text)"])
        if outcome.isSuccess { return true }
        let failure = FTPFailure.error(outcome, reply: reply, stage: .command, doing: "DELE")
        guard let reply, reply.code == 550, outcome.code == CURLE_QUOTE_ERROR else { throw failure }
        switch FTPFailure.saysDenied(reply.text) {
        case true: throw failure
        case false: return false
        case nil:
            if try size(of: path) != nil { throw failure }
            return false
        }
    }
}
