/// One `sluice put`: files and folders, a few files at a time.
public struct PutRun: Sendable {
    /// What became of one file.
    public struct Result: Sendable {
        /// As it was named, or found below a folder that was.
        public let path: String
        /// What the server has of it, or why it has not.
        public let outcome: Swift.Result<PutReceipt, ClientFailure>
    }

    private static let measuredAtOnce = 100

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
    /// - Parameter take: gets what became of each file, in the order in which they end; false when it cannot be told, which ends all.
    /// - Returns: the status that weighs most.
    public func run(_ arguments: [String], take: (Result) -> Bool) async throws(ClientFailure) -> CommandStatus {
        let command = ["put", session.account, options.contentType] + arguments.map(LocalFile.absolute)
        let log = try await openLog(command)
        let walk = DiskWalk(arguments, session: session)
        var status = CommandStatus.success
        await Parallel.each(of: { await walk.next(1).first }, atMost: options.parallel) { item in
            await put(item, log)
        } take: { result in
            var goesOn = true
            if case .failure(let failure) = result.outcome {
                status = max(status, failure.exitStatus)
                // What was stopped because of another's failure, or by the user, is told by that.
                guard failure != .interrupted else { return false }
                goesOn = !failure.endsAll
            }
            // What nobody was told of is told by the same command, given again: the log stays.
            guard take(result) else {
                status = max(status, .local)
                return false
            }
            return goesOn
        }
        if Task.isCancelled { status = max(status, .postponed) }
        if status == .success { try await session.record { log.remove() } }
        return status
    }

    private func openLog(_ command: [String]) async throws(ClientFailure) -> RunLog {
        let folder = session.configuration.stateFolder
        let log = try await session.onDisk { () throws(ClientFailure) in
            let log = try RunLog.open(command, in: folder)
            UploadJournal.sweep(folder)
            RunLog.sweep(folder)
            return log
        }
        guard let log else { throw .postponed("the same command is running") }
        return log
    }

    /// Tells the board what there is to do in all, as far as it can be seen now.
    public func measure(_ arguments: [String]) async {
        let walk = DiskWalk(arguments, session: session)
        var (files, bytes) = (0, Int64(0))
        while true {
            let items = await walk.next(Self.measuredAtOnce)
            for case .file(_, let size) in items {
                files += 1
                bytes += size
            }
            guard !Task.isCancelled else { return }
            guard items.count == Self.measuredAtOnce else { break }
        }
        board.expect(files: files, bytes: bytes)
    }

    private func put(_ item: FileWalk.Item, _ log: RunLog) async -> Result {
        switch item {
        case .unreadable(let path, let reason):
            return Result(path: path, outcome: .failure(.local(reason)))
        case .file(let path, _):
            do throws(ClientFailure) {
                return Result(path: path, outcome: .success(try await put(path, log)))
            } catch {
                return Result(path: path, outcome: .failure(error))
            }
        }
    }

    private func put(_ path: String, _ log: RunLog) async throws(ClientFailure) -> PutReceipt {
        let (account, board) = (session.account, board)
        let (file, identity, known) = try await session.onDisk { () throws(ClientFailure) in
            let file = try LocalFile(path)
            let identity = file.identity(at: account)
            return (file, identity, try log.receipt(of: identity))
        }
        if let known {
            board.skip(size: file.size)
            return known
        }
        let item = board.begin(path, size: file.size)
        let progress = FileProgress(board: board, item: item)
        let putter = FilePutter(session: session, options: options, file: file, key: log.key(of: identity), progress: progress)
        do {
            let receipt = try await putter.put()
            try await session.record { () throws(ClientFailure) in
                try log.add(receipt, of: identity)
                putter.forget()
            }
            board.end(item, isDone: true)
            return receipt
        } catch {
            board.end(item, isDone: false)
            throw error
        }
    }
}
