import CCurl

extension FTPSession {
    private static let maximumEntries = 200_000
    private static let maximumLine = 4096

    /// - Returns: nil when the server does not know MLSD.
    func machineListing(of path: FTPPath) throws(FTPError) -> [FTPEntry]? {
        try listing(of: path, command: "MLSD", parse: FTPListing.machineEntry)
    }

    func unixListing(of path: FTPPath) throws(FTPError) -> [FTPEntry] {
        let year = FTPListing.currentYearMonth()
        let entries = try listing(of: path, command: "LIST") { FTPListing.unixEntry($0, now: year) }
        guard let entries else { throw FTPError(.fatal, message: "LIST: the server has no such command") }
        return entries
    }

    private func listing(
        of path: FTPPath, command: String, parse: @escaping (Substring) -> FTPEntry?
    ) throws(FTPError) -> [FTPEntry]? {
        var entries: [FTPEntry] = []
        var line: [UInt8] = []
        let exchange = CurlExchange()
        exchange.sink = { bytes in
            for byte in bytes {
                guard byte == UInt8(ascii: "\n") else {
                    line.append(byte)
                    if line.count > Self.maximumLine { return false }
                    continue
                }
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
                if let entry = parse(String(decoding: line, as: UTF8.self)[...]) { entries.append(entry) }
                line.removeAll(keepingCapacity: true)
                if entries.count > Self.maximumEntries { return false }
            }
            return true
        }
        func attempt() -> CurlOutcome {
            entries = []
            line = []
            return lane.perform(exchange) { options in
                target.apply(to: options, urlPath: path.urlDirectory)
                options.set(CURLOPT_CUSTOMREQUEST, command)
            }
        }
        var outcome = attempt()
        if Self.isStale(outcome, reply: exchange.lastReply) { outcome = attempt() }
        if outcome.isSuccess { return entries }
        if outcome.code == CURLE_WRITE_ERROR {
            throw FTPError(.fatal, message: "\(command): a listing of more than \(Self.maximumEntries) entries or an endless line")
        }
        switch exchange.lastReply?.code {
        case 500, 501, 502, 504: return nil
        case 550, 450: return []
        default: throw FTPFailure.error(outcome, reply: exchange.lastReply, stage: .command, doing: command)
        }
    }
}
