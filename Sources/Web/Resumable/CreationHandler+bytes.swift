import Cryptography
import Files
import HTTPTypes
import Hummingbird
import Platform

extension CreationHandler {
    /// Takes the first bytes of an upload that has been begun for them.
    func take(
        _ request: Request, _ plan: Plan, _ record: UploadRecord, _ claim: ReplyClaim?, from uploader: Uploader
    ) async throws -> Response {
        var upload: ResumableUpload?
        do {
            try await Expectation.meet(request, on: uploader.channel)
            let opened = try await uploads.open(
                owner: uploader.user, id: record.id, at: 0, isChecked: !plan.sums.isVerified,
                onEnd: { [channel = uploader.channel] in channel.close(promise: nil) })
            upload = opened
            let receipt = try await receiver.receive(request, plan.body, from: uploader, into: opened, sums: plan.sums)
            return Self.answer(record.location, receipt.fields)
        } catch {
            // With the key its address can be asked for, and what has come is not sent again.
            guard claim == nil || Self.isRefusal(error) else { throw error }
            let isGone = await end(record.id, of: uploader.user)
            // With all its bytes it is a file, or becomes one by itself, and would be there twice if the client began again.
            if !isGone, record.kind == .whole, let upload, upload.count == plan.length {
                throw claim == nil ? APIError.unknownOutcome : .unknownOutcomeOfKey
            }
            // Else the answer still says where it is.
            if isGone, let claim { await replies.withdraw(claim) }
            throw error
        }
    }

    /// Ends an upload whose address nobody is told.
    ///
    /// - Returns: whether nothing of it is left. What cannot be ended keeps its room, and expires by itself or becomes a file.
    private func end(_ id: UploadID, of owner: UserID) async -> Bool {
        // Shielded: this is most often because the connection has ended.
        await Task {
            do throws(FilesError) {
                guard try await uploads.terminate(owner: owner, id: id).file == nil else { return false }
            } catch {
                guard error.code == .uploadNotFound else { return false }
            }
            quotas.release(id, of: owner)
            return true
        }.value
    }

    /// Whether a body was refused for what it is. All else may be another time.
    private static func isRefusal(_ error: any Error) -> Bool {
        let problem = APIError(error).problem
        return [400, 401, 403, 413, 415, 417, 460].contains(problem.status) && problem.type != APIError.cutBody.problem.type
    }

    /// Takes a file whose bytes all come with the creation, as PUT does: until they are there, there is nothing to go on with.
    func take(
        _ request: Request, _ length: Int64, _ plan: Plan, _ turn: IdempotentUpload.Turn, from uploader: Uploader
    ) async throws -> Response {
        switch turn {
        case .first(let claim):
            let lease = try await quotas.take(owner: uploader.user, bytes: length, files: 1, as: plan.draft.id)
            let file = try await receive(request, length, plan, lease, from: uploader)
            let reply = claim.map { claim in
                ReplyCompletion(
                    claim: claim,
                    reply: StoredReply(
                        status: 201, location: UploadRecord.location(of: plan.draft.id), file: file.id, content: file.sha256.bytes))
            }
            let record = try await uploads.create(plan.draft, with: file, lease: lease, reply: reply)
            return Self.answer(UploadRecord.location(of: plan.draft.id), Self.fields(of: record.id, file))
        case .again(let reply):
            let file = try await receive(request, length, plan, QuotaLease(ofEverythingFor: uploader.user), from: uploader)
            await staging.discard(file)
            guard reply.content == file.sha256.bytes, let id = reply.file else { throw APIError.keyReused }
            return try Self.answer(again: reply, Self.fields(of: id, file))
        }
    }

    private func receive(
        _ request: Request, _ length: Int64, _ plan: Plan, _ lease: QuotaLease, from uploader: Uploader
    ) async throws -> ReceivedFile {
        try await Expectation.meet(request, on: uploader.channel)
        let room = try await QuotaWatcher.begin(lease)
        let watchers = try plan.draft.name.map { types.watchers(of: try FileName(cleaning: $0)) } ?? []
        let upload = IncomingUpload(try await staging.makeUpload(limit: length, expected: length), watchers: watchers + [room])
        do {
            for try await bytes in receiver.bytes(of: request, from: uploader) {
                try await plan.sums.take(bytes)
                try await upload.write(bytes)
            }
            guard upload.count == length else { throw APIError.cutBody }
            try await plan.sums.verify()
            return try await upload.finish()
        } catch {
            await upload.discard()
            throw error
        }
    }

    private static func fields(of id: FileID, _ file: ReceivedFile) -> HTTPFields {
        [.uploadOffset: String(file.size), .sluiceFile: id.description, .reprDigest: DigestFields.value(file.sha256)]
    }
}
