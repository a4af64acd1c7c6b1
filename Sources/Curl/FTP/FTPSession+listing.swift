import CCurl

extension FTPSession {
    /// - Returns: false when the server does not know MLSD.
    func machineListing(of path: FTPPath, take: @escaping ([FTPEntry]) -> Bool) throws(FTPError) -> Bool {
        try listing(of: path, command: "MLSD", FTPListingReader(parse: FTPListing.machineEntry, take: take))
    }

    func unixListing(of path: FTPPath, take: @escaping ([FTPEntry]) -> Bool) throws(FTPError) {
        let now = FTPListing.currentYearMonth()
        let reader = FTPListingReader(parse: { FTPListing.unixEntry($0, now: now) }, take: take)
        guard try listing(of: path, command: "LIST", reader) else {
            throw FTPError(.fatal, message: "LIST: the server has no such command")
        }
    }

    /// - Returns: false when the server does not know the command.
    private func listing(of path: FTPPath, command: String, _ reader: FTPListingReader) throws(FTPError) -> Bool {
        var reader = reader
        let exchange = CurlExchange()
        exchange.sink = { reader.feed($0) }
        func attempt() -> CurlOutcome {
            lane.perform(.listing, exchange) { options in
                target.apply(to: options)
            } configure: { options in
                options.set(CURLOPT_URL, target.url(path.urlDirectory))
                options.set(CURLOPT_CUSTOMREQUEST, command)
            }
        }
        var outcome = attempt()
        if Self.isStale(outcome, reply: exchange.lastReply) { outcome = attempt() }
        if outcome.isSuccess {
            reader.finish()
            return true
        }
        if reader.isStopped {
            // What the server still sends, or says about the end of it, is not for the next transfer.
            lane.dropConnection()
            return true
        }
        switch exchange.lastReply?.code {
        case 500, 501, 502, 504: return false
        case 550, 450: return true
        default: throw FTPFailure.error(outcome, reply: exchange.lastReply, stage: .command, doing: command)
        }
    }
}
