import Cryptography
import Files
import HTTPTypes
import Hummingbird
import Platform

extension CreationHandler {
    func repeatable(_ request: Request, _ expected: SHA256Digest?, _ uploader: Uploader) throws -> IdempotentUpload {
        try IdempotentUpload(
            request, of: uploader.user, in: replies, head: RequestFingerprint.creation(request, expected: expected))
    }

    /// The answer to store with an upload that is begun. It is given before the body has come, so it says nothing of it.
    static func reply(to claim: ReplyClaim?, at id: UploadID, _ body: UploadBody) -> ReplyCompletion? {
        claim.map { claim in
            ReplyCompletion(
                claim: claim,
                reply: StoredReply(
                    status: 201, location: UploadRecord.location(of: id), content: RequestFingerprint.content(of: body).bytes))
        }
    }

    /// Tells where the upload is that the request has begun before, and how far it is now. The body is not read: who sends it goes on
    /// from that offset. As with HEAD, whoever writes to the upload is ended first, and that may be the request itself, half dead.
    func answer(_ reply: StoredReply, again body: UploadBody, for uploader: Uploader) async throws -> Response {
        guard reply.content == RequestFingerprint.content(of: body).bytes, let id = reply.location.flatMap(UploadConcat.upload(at:)) else {
            throw APIError.keyReused
        }
        guard let record = try await upload(id, of: uploader) else { return try Self.answer(again: reply, [:]) }
        if record.state == .dead { throw APIError.uploadDead(record.failure) }
        var fields = record.progress
        if body.isEmpty, record.kind != .joined, record.offset == 0 { fields[.uploadOffset] = nil }
        return try Self.answer(again: reply, fields)
    }

    /// - Returns: nil when it is gone: what was answered stays, whatever has become of it.
    private func upload(_ id: UploadID, of uploader: Uploader) async throws -> UploadRecord? {
        do throws(FilesError) {
            return try await uploads.head(owner: uploader.user, id: id)
        } catch {
            guard error.code == .uploadNotFound || error.code == .uploadExpired else { throw error }
            return nil
        }
    }

    static func answer(again reply: StoredReply, _ fields: HTTPFields) throws -> Response {
        guard let location = reply.location else { throw APIError.keyReused }
        var response = answer(location, fields)
        response.headers[.idempotencyReplayed] = "true"
        return response
    }
}
