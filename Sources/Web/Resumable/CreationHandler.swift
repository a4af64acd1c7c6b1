import Cryptography
import Files
import HTTPTypes
import Hummingbird
import Platform

/// `POST /uploads`: begins an upload, with or without its first bytes, or makes one of parts.
struct CreationHandler {
    let uploads: ResumableUploads
    let staging: StagingArea
    let gate: UploadGate
    let quotas: QuotaKeeper
    let types: TypeGuard
    let receiver: ResumableReceiver

    private var limit: Int64 { receiver.limits.fileSize }

    func post(_ request: Request, context: UserContext) async throws -> Response {
        let fields = try CreationFields(request.headers)
        let body = try UploadBody(request)
        let uploader = context.uploader
        switch fields.kind {
        case .whole(let length): return try await begin(request, body, fields, .whole, length, for: uploader)
        case .part(let length): return try await begin(request, body, fields, .part, length, for: uploader)
        case .joined(let parts):
            guard body.isEmpty else { throw UploadFieldError(.concat, "What is made of parts has no bytes of its own.") }
            let draft = try draft(fields, .joined, nil, nil, for: uploader)
            if let name = draft.name { try types.check(try FileName(cleaning: name)) }
            let record = try await gate.enter(request, uploader) { try await uploads.join(draft, parts: parts) }
            if record.state == .dead { throw APIError.uploadDead(record.failure) }
            return answer(record.location, record.progress)
        }
    }

    private func begin(
        _ request: Request, _ body: UploadBody, _ fields: CreationFields, _ kind: UploadKind, _ length: Int64?, for uploader: Uploader
    ) async throws -> Response {
        if let length, length > limit { throw APIError.fileTooLarge(limit: limit) }
        try body.check(fits: length ?? limit, limit: length ?? limit)
        let sums = try receiver.sums(of: request, fields.checksum, isWhole: body.count == length)
        let draft = try draft(fields, kind, length, sums.expected, for: uploader)
        if kind == .whole, let name = draft.name { try types.check(try FileName(cleaning: name)) }
        return try await gate.enter(request, uploader, expecting: length ?? body.count ?? 0, tellsToSend: false) {
            let lease = try await quotas.take(
                owner: uploader.user, bytes: length ?? body.count ?? 0, files: kind == .whole ? 1 : 0, as: draft.id)
            if kind == .whole, let length, body.count == length || length == 0 {
                return try await take(request, length, draft, sums.body, lease, from: uploader)
            }
            let record = try await uploads.create(draft)
            lease.keep()
            guard body.isEmpty else { return try await take(request, body, record, sums.body, from: uploader) }
            // Only bytes that came with it are spoken of.
            var progress = record.progress
            progress[.uploadOffset] = nil
            return answer(record.location, progress)
        }
    }

    /// Takes the first bytes of an upload that has been begun for them.
    private func take(
        _ request: Request, _ body: UploadBody, _ record: UploadRecord, _ sums: BodyDigests, from uploader: Uploader
    ) async throws -> Response {
        do {
            try await Expectation.meet(request, on: uploader.channel)
            let upload = try await uploads.open(
                owner: uploader.user, id: record.id, at: 0, isChecked: !sums.isVerified,
                onEnd: { [channel = uploader.channel] in channel.close(promise: nil) })
            let receipt = try await receiver.receive(request, body, from: uploader, into: upload, sums: sums)
            return answer(record.location, receipt.fields)
        } catch {
            // Nobody is told its address. Shielded: this is most often because the connection has ended.
            let ended = await Task {
                defer { quotas.release(record.id, of: uploader.user) }
                return try? await uploads.terminate(owner: uploader.user, id: record.id)
            }.value
            // It is there, and would be twice if the client began again.
            if ended?.file != nil { throw APIError.unknownOutcome }
            throw error
        }
    }

    /// Takes a file whose bytes all come with the creation, as PUT does: until they are there, there is nothing to go on with.
    private func take(
        _ request: Request, _ length: Int64, _ draft: UploadDraft, _ sums: BodyDigests, _ lease: QuotaLease, from uploader: Uploader
    ) async throws -> Response {
        try await Expectation.meet(request, on: uploader.channel)
        let room = try await QuotaWatcher.begin(lease)
        let watchers = try draft.name.map { types.watchers(of: try FileName(cleaning: $0)) } ?? []
        let upload = IncomingUpload(try await staging.makeUpload(limit: length, expected: length), watchers: watchers + [room])
        let received: ReceivedFile
        do {
            for try await bytes in receiver.bytes(of: request, from: uploader) {
                try await sums.take(bytes)
                try await upload.write(bytes)
            }
            guard upload.count == length else { throw APIError.cutBody }
            try await sums.verify()
            received = try await upload.finish()
        } catch {
            await upload.discard()
            throw error
        }
        let file = try await uploads.create(draft, with: received, lease: lease)
        var fields: HTTPFields = [.uploadOffset: String(length)]
        fields.name(file)
        return answer(UploadConcat.path + draft.id.description, fields)
    }

    private func draft(
        _ fields: CreationFields, _ kind: UploadKind, _ length: Int64?, _ expected: SHA256Digest?, for uploader: Uploader
    ) throws -> UploadDraft {
        // A file that nobody has named sends an empty name.
        let name = try fields.metadata["filename"].flatMap { $0.isEmpty ? nil : try FileName(cleaning: $0) }
        let type = try fields.metadata["filetype"].flatMap { $0.isEmpty ? nil : try MediaType(bytes: $0).description }
        return UploadDraft(
            owner: uploader.user, kind: kind, length: length, metadata: fields.metadata.text, name: kind == .part ? nil : name,
            contentType: type ?? UploadHandlers.defaultType, expected: expected)
    }

    private func answer(_ location: String, _ fields: HTTPFields) -> Response {
        var fields = fields
        fields[.location] = location
        return Response(status: .created, headers: fields)
    }
}
