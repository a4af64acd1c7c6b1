/// One `sluice put`: files and folders, a few files at a time.
public struct PutRun: Sendable {
    /// What became of one file.
    public struct Result: Sendable {
        public let path: String
        public let outcome: Swift.Result<PutReceipt, ClientFailure>
    }

    private let session: ClientSession
    private let options: PutOptions
    private let board: ProgressBoard

    public init(session: ClientSession, options: PutOptions, board: ProgressBoard) {
        self.session = session
        self.options = options
        self.board = board
    }

    /// Sends all that the arguments name. What an earlier run of the same command has sent is told again and not sent again.
    ///
    /// - Parameter take: gets what became of each file, in the order in which they end.
    /// - Returns: the status that weighs most.
    public func run(_ arguments: [String], take: (Result) -> Void) async throws(ClientFailure) -> CommandStatus {
        let command = ["put", session.account, options.contentType] + arguments.map(LocalFile.absolute)
        guard let log = try RunLog.open(command, in: session.configuration.stateFolder) else {
            throw .postponed("the same command is running")
        }
        UploadJournal.sweep(session.configuration.stateFolder)
        RunLog.sweep(session.configuration.stateFolder)
        var status = CommandStatus.success
        await Parallel.each(of: FileWalk(arguments), atMost: options.parallel) { item in
            await put(item, log)
        } take: { result in
            guard case .failure(let failure) = result.outcome else {
                take(result)
                return true
            }
            status = max(status, failure.exitStatus)
            // What was stopped because of another's failure, or by the user, is told by that.
            if failure != .interrupted { take(result) }
            return !failure.endsAll
        }
        if Task.isCancelled { status = max(status, .postponed) }
        if status == .success { log.remove() }
        return status
    }

    /// Tells the board what there is to do in all, as far as it can be seen now.
    public static func measure(_ arguments: [String], for board: ProgressBoard) async {
        var (files, bytes) = (0, Int64(0))
        for item in FileWalk(arguments) {
            guard !Task.isCancelled else { return }
            guard case .file(let path) = item, let size = try? LocalFile(path).size else { continue }
            files += 1
            bytes += size
        }
        board.expect(files: files, bytes: bytes)
    }

    private func put(_ item: FileWalk.Item, _ log: RunLog) async -> Result {
        switch item {
        case .unreadable(let path, let reason):
            return Result(path: path, outcome: .failure(.local(reason)))
        case .file(let path):
            do throws(ClientFailure) {
                return Result(path: path, outcome: .success(try await put(path, log)))
            } catch {
                return Result(path: path, outcome: .failure(error))
            }
        }
    }

    private func put(_ path: String, _ log: RunLog) async throws(ClientFailure) -> PutReceipt {
        let file = try LocalFile(path)
        let identity = file.identity(at: session.account)
        let item = board.begin(path, size: file.size)
        if let receipt = log.receipt(of: identity) {
            board.end(item, isDone: true)
            return receipt
        }
        let putter = FilePutter(session: session, options: options, file: file, key: log.key(of: identity)) { board.update(item, $0) }
        do {
            let receipt = try await putter.put()
            try log.add(receipt, of: identity)
            putter.forget()
            board.end(item, isDone: true)
            return receipt
        } catch {
            board.end(item, isDone: false)
            throw error
        }
    }
}
