import Cryptography
import Curl
import Glibc

/// Receives files.
public struct FileGetter: Sendable {
    /// Where files go.
    public enum Destination: Sendable, Hashable {
        /// Under the names that they have at the server.
        case folder(String)
        case file(String)
        case standardOutput
    }

    private let session: ClientSession
    private let destination: Destination
    private let replaces: Bool
    private let board: ProgressBoard

    /// - Parameter replaces: whether a file that is there already is replaced.
    public init(session: ClientSession, destination: Destination, replaces: Bool, board: ProgressBoard) {
        self.session = session
        self.destination = destination
        self.replaces = replaces
        self.board = board
    }

    /// What became of one.
    public struct Result: Sendable {
        public let id: String
        /// The path, nil for standard output.
        public let outcome: Swift.Result<String?, ClientFailure>
    }

    /// - Returns: the status that weighs most.
    public func run(_ ids: [String], parallel: Int, take: (Result) -> Void) async -> CommandStatus {
        var status = CommandStatus.success
        var rest = ids.makeIterator()
        await Parallel.each(of: { rest.next() }, atMost: destination == .standardOutput ? 1 : parallel) { id in
            do throws(ClientFailure) {
                return Result(id: id, outcome: .success(try await get(id)))
            } catch {
                return Result(id: id, outcome: .failure(error))
            }
        } take: { result in
            guard case .failure(let failure) = result.outcome else {
                take(result)
                return true
            }
            status = max(status, failure.exitStatus)
            if failure != .interrupted { take(result) }
            return !failure.endsAll
        }
        return Task.isCancelled ? max(status, .postponed) : status
    }

    private func get(_ id: String) async throws(ClientFailure) -> String? {
        let file = try await session.files.find(id)
        let item = board.begin(file.name, size: file.size)
        let target: String? =
            switch destination {
            case .standardOutput: nil
            case .file(let path): path
            case .folder(let folder): folder + "/" + (try Self.safeName(file.name))
            }
        do {
            try await receive(file, target, item)
            board.end(item, isDone: true)
        } catch {
            board.end(item, isDone: false)
            throw error
        }
        return target
    }

    private func receive(_ file: RemoteFile, _ target: String?, _ item: Int) async throws(ClientFailure) {
        guard let target else {
            return try await fill(Receiving(STDOUT_FILENO, isFile: false), with: file, item)
        }
        guard replaces || access(target, F_OK) != 0 else { throw .local("\(target) is there already") }
        let part = try PartFile(target: target, id: file.id)
        let receiving = Receiving(part.descriptor, isFile: true)
        if try await !resume(receiving, part.size, of: file) { try beginAgain(receiving) }
        board.start(item, at: receiving.position)
        do {
            try await fill(receiving, with: file, item)
        } catch {
            // What is no use to another run is not left behind: a full disk would stay full.
            switch error {
            case .local, .refused: part.remove()
            case .tokenRefused, .unreachable, .postponed, .interrupted: break
            }
            throw error
        }
        try await session.onDisk { () throws(ClientFailure) in try part.keep(replaces: replaces) }
    }

    /// In pieces, so that reading what an earlier run has left can be ended.
    private func resume(_ receiving: Receiving, _ left: Int64, of file: RemoteFile) async throws(ClientFailure) -> Bool {
        guard left <= file.size else { return false }
        while receiving.position < left {
            let next = min(left, receiving.position + 256 << 20)
            guard try await session.onDisk({ receiving.resume(to: next) }) else { return false }
        }
        return true
    }

    private func fill(_ receiving: Receiving, with file: RemoteFile, _ item: Int) async throws(ClientFailure) {
        var hasBegunAgain = false
        while true {
            try await receiveRest(of: file, into: receiving, item)
            if let digest = receiving.finish(), digest.description == file.sha256 { return }
            let damaged = ClientFailure.refused(ReprDigest.damaged)
            guard !hasBegunAgain else { throw damaged }
            hasBegunAgain = true
            guard receiving.beginAgain() else { throw damaged }
        }
    }

    private func receiveRest(of file: RemoteFile, into receiving: Receiving, _ item: Int) async throws(ClientFailure) {
        var plan = session.caller.plan()
        while receiving.position < file.size {
            let start = receiving.position
            var request = HTTPRequest(.get, "\(RemoteFiles.path)/\(URLText.encode(file.id))/content")
            if start > 0 { request.fields.append((name: "Range", value: "bytes=\(start)-")) }
            let board = board
            let outcome: Caller.Outcome
            do {
                outcome = try await session.caller.attempt(request) { bytes in
                    guard receiving.take(bytes) else { return false }
                    board.update(item, receiving.position)
                    return true
                }
            } catch {
                guard let number = receiving.failure else { throw error }
                throw .local("cannot be written: \(String(cString: strerror(number)))")
            }
            if receiving.position > start { plan.progressed() }
            switch outcome {
            case .answered where receiving.position > start: break
            case .answered: try await session.caller.wait(after: .lost("an answer without bytes"), &plan)
            case .failed(let reason): try await session.caller.wait(after: reason, &plan)
            }
        }
    }

    private func beginAgain(_ receiving: Receiving) throws(ClientFailure) {
        guard receiving.beginAgain() else { throw .local("cannot be written") }
    }

    /// What a server calls a file is not where it goes: a name leads nowhere.
    package static func safeName(_ name: String) throws(ClientFailure) -> String {
        let isSafe =
            !["", ".", ".."].contains(name) && name.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 != 0 } && name.utf8.count <= 255
        guard isSafe else { throw .local("a name that is no file's: \(PlainText.escape(name)); name one with --output") }
        return name
    }
}
