import Cryptography
import Curl
import FoundationEssentials

/// One upload by tus 1.0: created, sent in one PATCH, and after each loss asked how far it is.
struct ResumableUpload {
    private enum Step {
        case create
        case look(String)
        case send(String, from: Int64)
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
    private var hasBegunAgain = false
    /// Repr-Digest of the answer that completed it.
    private(set) var digestField: String?

    init(session: ClientSession, file: LocalFile, journal: UploadJournal, contentType: String, announced: SHA256Digest?) {
        self.session = session
        self.file = file
        self.journal = journal
        self.contentType = contentType
        self.announced = announced
        plan = session.caller.plan()
    }

    /// - Returns: the id of the file that it has become.
    mutating func send(progress: @escaping @Sendable (Int64) -> Void) async throws(ClientFailure) -> String {
        let left = try journal.entry()
        entry = left
        var step = left.upload.map { Step.look($0) } ?? .create
        while true {
            switch step {
            case .create: step = try await create()
            case .look(let upload): step = try await look(upload)
            case .send(let upload, let offset):
                progress(offset)
                step = try await send(upload, from: offset, progress)
            case .done(let id): return id
            }
        }
    }

    /// The digest of the whole file; asked once, after it was sent.
    func finishedDigest() async throws(ClientFailure) -> SHA256Digest {
        try await session.catchUp(digest, with: file, to: file.size)
        guard let result = digest.finish() else { throw .local("cannot be read to its end") }
        return result
    }

    /// Ends the upload here and, as far as the server is there, at the server.
    func abandon() async {
        journal.remove()
        guard let upload = entry?.upload else { return }
        _ = try? await session.caller.attempt(HTTPRequest(.delete, upload, fields: [Self.version]), handling: [404, 410])
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
        guard reply.isSuccess else { return try beginAgain(after: reply) }
        guard let upload = Self.upload(in: reply["location"]) else {
            throw .refused(Problem(status: reply.status, type: "about:blank", title: "an answer without the place of the upload"))
        }
        entry.upload = upload
        self.entry = entry
        try journal.write(entry)
        // What was begun before, by a request whose answer was lost, may be anywhere.
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
        guard reply.isSuccess else { return try beginAgain(after: reply) }
        if let id = reply["sluice-file"] { return done(id, reply) }
        guard let offset = Self.number(reply["upload-offset"]), offset <= file.size,
            Self.number(reply["upload-length"]) ?? file.size == file.size
        else { return try beginAgain(after: reply) }
        advance(to: offset)
        return .send(upload, from: offset)
    }

    private mutating func send(
        _ upload: String, from offset: Int64, _ progress: @escaping @Sendable (Int64) -> Void
    ) async throws(ClientFailure) -> Step {
        let (digest, file) = (digest, file)
        try await session.catchUp(digest, with: file, to: offset)
        let request = HTTPRequest(
            .patch, upload,
            fields: [
                Self.version, (name: "Content-Type", value: "application/offset+octet-stream"),
                (name: "Upload-Offset", value: String(offset)),
            ], body: file.body(from: offset, digest: digest, progress: progress))
        switch try await session.caller.attempt(request, handling: [404, 409, 410, 460]) {
        case .answered(let reply):
            if reply.status == 404 || reply.status == 410 { return try beginAgain(after: reply) }
            if let id = reply["sluice-file"], reply.isSuccess { return done(id, reply) }
            if reply.isSuccess, let reached = Self.number(reply["upload-offset"]), reached > offset { advance(to: reached) }
            let reason = reply.isSuccess ? "the server has not finished it" : Problem(reply).sentence
            try await session.caller.wait(after: .lost(reason), &plan)
        case .failed(let reason):
            try await session.caller.wait(after: reason, &plan)
        }
        return .look(upload)
    }

    private mutating func done(_ id: String, _ reply: HTTPReply) -> Step {
        digestField = reply["repr-digest"]
        return .done(file: id)
    }

    private mutating func advance(to offset: Int64) {
        guard offset > reached else { return }
        reached = offset
        plan.progressed()
    }

    /// What was remembered is no more: from the start, once.
    private mutating func beginAgain(after reply: HTTPReply) throws(ClientFailure) -> Step {
        guard !hasBegunAgain else { throw .refused(Problem(reply)) }
        hasBegunAgain = true
        reached = 0
        let fresh = UploadJournal.Entry.fresh()
        entry = fresh
        try journal.write(fresh)
        return .create
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
