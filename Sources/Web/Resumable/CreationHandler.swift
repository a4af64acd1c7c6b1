import Files
import HTTPTypes
import Hummingbird
import Platform

/// `POST /uploads`: begins an upload, with or without its first bytes, or makes one of parts.
struct CreationHandler {
    let uploads: ResumableUploads
    let staging: StagingArea
    let gate: UploadGate
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
            let draft = try draft(fields, .joined, nil, for: uploader)
            let record = try await gate.enter(request, uploader) { try await uploads.join(draft, parts: parts) }
            return answer(record.location, record.progress)
        }
    }

    private func begin(
        _ request: Request, _ body: UploadBody, _ fields: CreationFields, _ kind: UploadKind, _ length: Int64?, for uploader: Uploader
    ) async throws -> Response {
        if let length, length > limit { throw APIError.fileTooLarge(limit: limit) }
        try body.check(fits: length ?? limit, limit: length ?? limit)
        let draft = try draft(fields, kind, length, for: uploader)
        return try await gate.enter(request, uploader, expecting: length ?? body.count ?? 0, tellsToSend: false) {
            if kind == .whole, let length, body.count == length || length == 0 {
                return try await take(request, length, draft, fields.checksum, from: uploader)
            }
            let record = try await uploads.create(draft)
            guard body.isEmpty else { return try await take(request, body, record, fields.checksum, from: uploader) }
            // Only bytes that came with it are spoken of.
            var progress = record.progress
            progress[.uploadOffset] = nil
            return answer(record.location, progress)
        }
    }

    /// Takes the first bytes of an upload that has been begun for them.
    private func take(
        _ request: Request, _ body: UploadBody, _ record: UploadRecord, _ checksum: UploadChecksum?, from uploader: Uploader
    ) async throws -> Response {
        do {
            try await Expectation.meet(request, on: uploader.channel)
            let upload = try await uploads.open(
                owner: uploader.user, id: record.id, at: 0, isChecked: checksum != nil,
                onEnd: { [channel = uploader.channel] in channel.close(promise: nil) })
            let receipt = try await receiver.receive(request, body, from: uploader, into: upload, checksum: checksum)
            return answer(record.location, receipt.fields)
        } catch {
            // Nobody is told its address. Shielded: this is most often because the connection has ended.
            await Task { _ = try? await uploads.terminate(owner: uploader.user, id: record.id) }.value
            throw error
        }
    }

    /// Takes a file whose bytes all come with the creation, as PUT does: until they are there, there is nothing to go on with.
    private func take(
        _ request: Request, _ length: Int64, _ draft: UploadDraft, _ checksum: UploadChecksum?, from uploader: Uploader
    ) async throws -> Response {
        try await Expectation.meet(request, on: uploader.channel)
        let upload = IncomingUpload(try await staging.makeUpload(limit: length, expected: length))
        let received: ReceivedFile
        do {
            let sum = checksum.map(BodyChecksum.init)
            for try await bytes in receiver.bytes(of: request, from: uploader) {
                sum?.update(bytes)
                try await upload.write(bytes)
            }
            guard upload.count == length else { throw APIError.cutBody }
            if let sum, !sum.isRight() { throw APIError.checksumMismatch }
            received = try await upload.finish()
        } catch {
            await upload.discard()
            throw error
        }
        let file = try await uploads.create(draft, with: received)
        var fields: HTTPFields = [.uploadOffset: String(length)]
        fields.name(file)
        return answer(UploadConcat.path + draft.id.description, fields)
    }

    private func draft(
        _ fields: CreationFields, _ kind: UploadKind, _ length: Int64?, for uploader: Uploader
    ) throws -> UploadDraft {
        // A file that nobody has named sends an empty name.
        let name = try fields.metadata["filename"].flatMap { $0.isEmpty ? nil : try FileName(cleaning: $0) }
        let type = try fields.metadata["filetype"].flatMap { $0.isEmpty ? nil : try MediaType(bytes: $0).description }
        return UploadDraft(
            owner: uploader.user, kind: kind, length: length, metadata: fields.metadata.text, name: kind == .part ? nil : name,
            contentType: type ?? UploadHandlers.defaultType)
    }

    private func answer(_ location: String, _ fields: HTTPFields) -> Response {
        var fields = fields
        fields[.location] = location
        return Response(status: .created, headers: fields)
    }
}
