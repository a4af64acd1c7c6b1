import Cryptography
import Files
import HTTPTypes
import Hummingbird
import NIOCore
import Platform

/// A request that its sender may repeat: with an Idempotency-Key it is carried out once, and answered the same each time.
struct IdempotentUpload: Sendable {
    /// What is to be done with the body.
    enum Turn: Sendable {
        /// Carry it out, and store the answer under the claim together with what it says; nil where there is no key.
        case first(ReplyClaim?)
        /// It was carried out: compare it, and give the same answer.
        case again(StoredReply)
    }

    /// A body that is one file, of which enough was told before it.
    struct Announcement: Sendable {
        let content: SHA256Digest
        let sha256: SHA256Digest

        /// - Returns: nil unless size and SHA-256 were announced.
        init?(name: FileName, contentType: String, size: Int64?, digest: [UInt8]?) {
            guard let size, let sha256 = digest.flatMap({ SHA256Digest(bytes: $0) }) else { return nil }
            content = RequestFingerprint.content(name: name, contentType: contentType, size: size, sha256: sha256)
            self.sha256 = sha256
        }
    }

    private let key: IdempotencyKey?
    private let head: SHA256Digest
    private let owner: UserID
    private let replies: ReplyStore
    private let announcement: Announcement?

    /// - Parameter head: what can be told of the request before its body, if that is more than method and path.
    init(
        _ request: Request, of owner: UserID, in replies: ReplyStore, head: SHA256Digest? = nil,
        announcing announcement: Announcement? = nil
    ) throws(RequestSyntaxError) {
        key = try IdempotencyKey(request.headers)
        self.head = head ?? RequestFingerprint.head(of: request)
        self.owner = owner
        self.replies = replies
        self.announcement = announcement
    }

    /// Runs `body` unless the answer is known without it. Whatever leaves without success was not carried out, and may be sent again.
    ///
    /// - Throws: `APIError.keyInFlight`, `.keyReused`, or what `body` throws.
    func run(_ body: (Turn) async throws -> Response) async throws -> Response {
        guard let key else { return try await body(.first(nil)) }
        switch try await replies.begin(owner: owner, key: key.digest, request: head) {
        case .other: throw APIError.keyReused
        case .running(let left): throw APIError.keyInFlight(left)
        case .answered(let reply):
            if let announcement, announcement.content.bytes == reply.content { return reply.response(again: announcement.sha256) }
            return try await body(.again(reply))
        case .run(let claim):
            return try await run(claim, body)
        }
    }

    private func run(_ claim: ReplyClaim, _ body: (Turn) async throws -> Response) async throws -> Response {
        do {
            let response = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await replies.keep(claim) }
                defer { group.cancelAll() }
                return try await body(.first(claim))
            }
            if response.status.kind != .successful { await replies.abandon(claim) }
            return response
        } catch {
            await replies.abandon(claim)
            throw (error as? FilesError).map(Self.refusal) ?? error
        }
    }

    private static func refusal(_ error: FilesError) -> any Error {
        switch error.code {
        case .unknownOutcome: APIError.unknownOutcomeOfKey
        // Whoever took it over is at it.
        case .superseded: APIError.keyInFlight(.seconds(1))
        default: error
        }
    }
}

extension StoredReply {
    /// The answer, as it is given the first time.
    ///
    /// - Parameter sha256: of the file, where there was one.
    func response(of sha256: SHA256Digest?) -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let location { headers[.location] = location }
        if let sha256 { headers[.reprDigest] = DigestFields.value(sha256) }
        return Response(status: .init(code: status), headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    /// The same, as it is given again.
    func response(again sha256: SHA256Digest?) -> Response {
        var response = response(of: sha256)
        response.headers[.idempotencyReplayed] = "true"
        return response
    }
}
