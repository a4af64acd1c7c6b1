import Cryptography
import Files
import Hummingbird

extension UploadHandlers {
    /// Answers a request whose body has been read: carries it out, or compares it with the one that was.
    func answer(
        _ parts: [MultipartReceiver.Part], _ turn: IdempotentUpload.Turn, for uploader: Uploader, _ lease: QuotaLease
    ) async throws -> Response {
        switch turn {
        case .first(nil): return UploadAnswer.render(await accept(parts, for: uploader, lease))
        case .first(let claim?): return try await carryOut(parts, under: claim, for: uploader, lease)
        case .again(let reply):
            await discard(parts)
            guard RequestFingerprint.content(of: parts).bytes == reply.content else { throw APIError.keyReused }
            return reply.response(again: parts.only?.sha256)
        }
    }

    /// Accepts all received parts or none, and stores the answer with them.
    private func carryOut(
        _ parts: [MultipartReceiver.Part], under claim: ReplyClaim, for uploader: Uploader, _ lease: QuotaLease
    ) async throws -> Response {
        // The room that is missing now may be there when this comes again, and then it would be another request.
        for case .refused(_, let error) in parts where error.problem.type == "/problems/quota-exceeded" {
            await discard(parts)
            throw error
        }
        var members: [IntakeGroup.Member] = []
        let outcomes = parts.map { part -> UploadOutcome in
            switch part {
            case .refused(let name, let error): return .refused(name: name, error)
            case .received(let file, let name, let contentType):
                let member = intake.member(file, owner: uploader.user, name: name, contentType: contentType)
                members.append(member)
                return .accepted(member.record)
            }
        }
        guard !members.isEmpty else { return UploadAnswer.render(outcomes) }
        let reply = StoredReply(
            status: UploadAnswer.accepted, location: nil, body: UploadAnswer.body(outcomes),
            content: RequestFingerprint.content(of: parts).bytes)
        guard reply.body.count <= StoredReply.maximumBody else {
            await discard(parts)
            throw APIError.answerTooLong(limit: StoredReply.maximumBody)
        }
        _ = try await intake.accept(IntakeGroup(members, reply: ReplyCompletion(claim: claim, reply: reply), lease: lease))
        return reply.response(of: parts.only?.sha256)
    }

    func discard(_ parts: [MultipartReceiver.Part]) async {
        for case .received(let file, _, _) in parts { await staging.discard(file) }
    }
}

extension [MultipartReceiver.Part] {
    /// The file of a request that has one part.
    fileprivate var only: ReceivedFile? {
        guard count == 1, case .received(let file, _, _) = self[0] else { return nil }
        return file
    }
}
