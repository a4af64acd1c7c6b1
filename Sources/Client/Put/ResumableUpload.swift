import Cryptography
import Curl
import FoundationEssentials

/// One upload by tus 1.0: created, sent in one PATCH, and after each loss asked how far it is. It is done when the server has told that it
/// has the bytes that were read here.
struct ResumableUpload {
    private enum Step {
        case create
        case look(String)
        case send(String, from: Int64)
        /// The server has made a file of it.
        ///
        /// - Parameter digest: what the answer says of that, if it does.
        case compare(String, file: String, digest: String?)
        case done(file: String)
    }

    private static let path = "/api/v1/uploads"
    private static let version = (name: "Tus-Resumable", value: "1.0.0")

    private let session: ClientSession
    private let file: LocalFile
    private let journal: UploadJournal
    private let contentType: String
    private let announced: SHA256Digest?
    private let digest = SendingDigest()
    private var entry: UploadJournal.Entry?
    private var plan: RetryPlan
    /// The furthest offset that the server has told.
    private var reached: Int64 = 0
    private var beginnings = 1

    init(session: ClientSession, file: LocalFile, journal: UploadJournal, contentType: String, announced: SHA256Digest?) {
        self.session = session
        self.file = file
        self.journal = journal
        self.contentType = contentType
        self.announced = announced
        plan = session.caller.plan()
    }

    /// - Returns: the id of the file that it has become, and the digest that here and there is the same.
    mutating func send(progress: FileProgress) async throws(ClientFailure) -> (file: String, digest: SHA256Digest) {
        let left = try await session.onDisk { [journal] () throws(ClientFailure) in try journal.entry() }
        entry = left
        var step = left.upload.map { Step.look($0) } ?? .create
        while true {
            switch step {
            case .create: step = try await create()
            case .look(let upload): step = try await look(upload)
            case .send(let upload, let offset):
                progress.starts(at: offset)
                step = try await send(upload, from: offset, progress)
            case .compare(let upload, let id, let field): step = try await compare(upload, id, field)
            case .done(let id): return (id, try await finishedDigest())
            }
        }
    }

    /// Ends the upload here and, as far as the server is there, at the server.
    func abandon() async {
        try? await session.record { [journal] in journal.remove() }
        if let upload = entry?.upload { await drop(upload) }
    }

    /// The digest of the whole file.
    private func finishedDigest() async throws(ClientFailure) -> SHA256Digest {
        try await session.catchUp(digest, with: file, to: file.size)
        guard let result = digest.finish() else { throw .local("cannot be read to its end") }
        return result
    }

    private mutating func create() async throws(ClientFailure) -> Step {
        guard var entry else { throw .local("an upload without an entry") }
        var fields = [
            Self.version, (name: "Upload-Length", value: String(file.size)), (name: "Idempotency-Key", value: "\"\(entry.key)\""),
            (name: "Upload-Metadata", value: "filename \(Self.base64(file.name)),filetype \(Self.base64(contentType))"),
        ]
        if let announced { fields.append((name: "Repr-Digest", value: ReprDigest.field(announced))) }
        let reply = try await session.caller.call(HTTPRequest(.post, Self.path, fields: fields), handling: [422], plan: &plan)
        // The key is from a run that described the file in another way.
        guard reply.isSuccess else { return try await beginAgain(after: Problem(reply)) }
        guard let upload = Self.upload(in: reply["location"]) else {
            throw .refused(Problem(status: reply.status, type: "about:blank", title: "an answer without the place of the upload"))
        }
        entry.upload = upload
        try await write(entry)
        // Of an empty file, or of one that was begun before, that may be all.
        if let id = reply["sluice-file"] { return .compare(upload, file: id, digest: reply["repr-digest"]) }
        // What was begun by a request whose answer was lost may be anywhere.
        guard reply["idempotency-replayed"] == nil else { return .look(upload) }
        return .send(upload, from: 0)
    }

    private mutating func look(_ upload: String) async throws(ClientFailure) -> Step {
        let request = HTTPRequest(.head, upload, fields: [Self.version])
        let reply = try await session.caller.call(request, handling: [404, 409, 410, 422], plan: &plan)
        if reply.status == 409 {
            // It is there, and another request has it for a moment.
            let problem = Problem(status: reply.status, type: "/problems/superseded", title: "another request has the upload")
            try await session.caller.wait(after: .busy(problem, after: nil), &plan)
            return .look(upload)
        }
        // Gone, or dead (422).
        guard reply.isSuccess else { return try await beginAgain(after: Problem(reply)) }
        if let id = reply["sluice-file"] { return .compare(upload, file: id, digest: reply["repr-digest"]) }
        guard let offset = Self.number(reply["upload-offset"]), offset <= file.size,
            Self.number(reply["upload-length"]) ?? file.size == file.size
        else { return try await beginAgain(after: Problem(reply)) }
        advance(to: offset)
        return .send(upload, from: offset)
    }

    private mutating func send(_ upload: String, from offset: Int64, _ progress: FileProgress) async throws(ClientFailure) -> Step {
        let (digest, file) = (digest, file)
        try await session.catchUp(digest, with: file, to: offset)
        let request = HTTPRequest(
            .patch, upload,
            fields: [
                Self.version, (name: "Content-Type", value: "application/offset+octet-stream"),
                (name: "Upload-Offset", value: String(offset)),
            ], body: file.body(from: offset, digest: digest, progress: progress))
        switch try await session.caller.attempt(request, handling: [400, 404, 409, 410, 422, 460]) {
        case .answered(let reply) where reply.isSuccess:
            if let id = reply["sluice-file"], let field = reply["repr-digest"] { return .compare(upload, file: id, digest: field) }
            if let reached = Self.number(reply["upload-offset"]), reached > offset { advance(to: reached) }
            // Known already, and of what it is HEAD tells.
            if reply["sluice-file"] != nil { return .look(upload) }
            try await session.caller.wait(after: .lost("the server has not finished it"), &plan)
        case .answered(let reply):
            let problem = Problem(reply)
            if problem.isDamage {
                await drop(upload)
                return try await sendAgain(after: problem)
            }
            switch reply.status {
            case 404, 410: return try await beginAgain(after: problem)
            case 409: try await session.caller.wait(after: .lost(problem.sentence), &plan)
            default: throw .refused(problem)
            }
        case .failed(let reason):
            try await session.caller.wait(after: reason, &plan)
        }
        return .look(upload)
    }

    /// Whatever answer was lost on the way: nothing is done before the server has told that it has the same bytes.
    private mutating func compare(_ upload: String, _ id: String, _ field: String?) async throws(ClientFailure) -> Step {
        let digest = try await finishedDigest()
        let isSame = if let told = ReprDigest.matches(field, digest) { told } else { try await digestThere(id) == digest.description }
        if isSame { return .done(file: id) }
        guard try await delete(upload) else {
            // Sent again, it would be there twice.
            entry = nil
            throw .refused(ReprDigest.left(id))
        }
        return try await sendAgain(after: ReprDigest.damaged)
    }

    /// What the server says of a file where the upload does not tell.
    private mutating func digestThere(_ id: String) async throws(ClientFailure) -> String {
        let request = HTTPRequest(.get, RemoteFiles.path + "/" + URLText.encode(id))
        let reply = try await session.caller.call(request, handling: [403, 404], plan: &plan)
        guard reply.isSuccess else { throw .refused(ReprDigest.untold) }
        let remote: RemoteFile = try RemoteFiles.decode(reply)
        return remote.sha256
    }

    /// Other bytes had arrived than were sent, and nothing of them is left: all go again.
    private mutating func sendAgain(after problem: Problem) async throws(ClientFailure) -> Step {
        entry = nil
        guard file.isUnchanged else { throw .local("changed while it was sent") }
        let next = try await beginAgain(after: problem)
        try await session.caller.wait(after: .lost(problem.sentence), &plan)
        return next
    }

    /// Deletes the upload, and the file that it has become.
    ///
    /// - Returns: false when the token may not.
    private mutating func delete(_ upload: String) async throws(ClientFailure) -> Bool {
        let request = HTTPRequest(.delete, upload, fields: [Self.version])
        return try await session.caller.call(request, handling: [403, 404, 410], plan: &plan).status != 403
    }

    /// Deletes an upload that is of no use, if that can be done at once: else it expires.
    private func drop(_ upload: String) async {
        _ = try? await session.caller.attempt(HTTPRequest(.delete, upload, fields: [Self.version]), handling: [403, 404, 410])
    }

    private mutating func advance(to offset: Int64) {
        guard offset > reached else { return }
        reached = offset
        plan.progressed()
    }

    /// What was begun is no more: from the start, a few times.
    private mutating func beginAgain(after problem: Problem) async throws(ClientFailure) -> Step {
        guard beginnings < ReprDigest.maximumTries else { throw .refused(problem) }
        beginnings += 1
        reached = 0
        try await write(.fresh())
        return .create
    }

    private mutating func write(_ entry: UploadJournal.Entry) async throws(ClientFailure) {
        self.entry = entry
        try await session.record { [journal] () throws(ClientFailure) in try journal.write(entry) }
    }

    /// The path of an upload at our own server, whatever host an address names: the token is shown to no other.
    static func upload(in location: String?) -> String? {
        guard var path = location?[...] else { return nil }
        if let scheme = path.firstRange(of: "://") {
            let rest = path[scheme.upperBound...]
            guard let slash = rest.firstIndex(of: "/") else { return nil }
            path = rest[slash...]
        }
        guard path.hasPrefix(Self.path + "/") else { return nil }
        let id = path.dropFirst(Self.path.count + 1)
        let isPlain = id.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x5F
        }
        return !id.isEmpty && isPlain ? String(path) : nil
    }

    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    private static func number(_ text: String?) -> Int64? {
        guard let text, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text)
    }
}
