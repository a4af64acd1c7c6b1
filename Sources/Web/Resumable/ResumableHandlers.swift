import Files
import HTTPTypes
import Hummingbird
import NIOCore
import Platform

/// `/uploads`: files that come in as many requests as it takes, after the tus protocol.
struct ResumableHandlers {
    let uploads: ResumableUploads
    let creation: CreationHandler
    let gate: UploadGate
    let receiver: ResumableReceiver
    let deletion: DeleteHandlers
    let quotas: QuotaKeeper

    /// - Parameters:
    ///   - group: for who has signed in.
    ///   - open: for everybody.
    func add(to group: some RouterMethods<UserContext>, open: some RouterMethods<WebContext>) {
        group.on("uploads", method: .post, use: creation.post)
        group.refuseOthers("uploads", than: [.post, .options])
        group.on("uploads/:id", method: .head, use: head)
        group.on("uploads/:id", method: .patch, use: patch)
        group.on("uploads/:id", method: .delete, use: delete)
        group.on("uploads/:id", method: .post, use: overridden)
        group.refuseOthers("uploads/:id", than: [.head, .patch, .delete, .post, .options])
        for path in ["uploads", "uploads/:id"] as [RouterPath] { open.on(path, method: .options, use: options) }
    }

    /// Tells how the protocol is spoken here; needs no signing in.
    func options(_ request: Request, context: WebContext) -> Response {
        Response(
            status: .noContent,
            headers: [
                .tusVersion: TusProtocol.version, .tusExtension: TusProtocol.extensions,
                .tusMaxSize: String(receiver.limits.fileSize), .tusChecksumAlgorithm: TusProtocol.algorithms,
            ])
    }

    /// Tells where an upload can be gone on with. Whoever writes to it is ended, or the offset would go on moving.
    func head(_ request: Request, context: UserContext) async throws -> Response {
        let record = try await uploads.head(owner: context.user.id, id: try id(context))
        if record.state == .dead { throw APIError.uploadDead(record.failure) }
        var fields = record.headFields
        // Whoever lost the last answer compares what is here with what was sent.
        if let id = record.file, let file = try await deletion.catalog.find(owner: context.user.id, id: id) { fields.name(file) }
        return Response(status: .ok, headers: fields)
    }

    /// Takes bytes at the end of what is there.
    func patch(_ request: Request, context: UserContext) async throws -> Response {
        let (fields, body) = (try AppendFields(request.headers), try UploadBody(request))
        let (id, uploader) = (try id(context), context.uploader)
        let limit = receiver.limits.fileSize
        let sums = try receiver.sums(of: request, fields.checksum, at: .piece).body
        if let length = fields.length, length > limit { throw APIError.fileTooLarge(limit: limit) }
        let record = try await uploads.find(owner: uploader.user, id: id)
        // Whether there are bytes that are not announced is seen when they are read, which takes a place (`gate`).
        if body.count != nil, let ended = try await ended(record, fields, body, request, from: uploader) { return ended }
        // Nobody is ended for bytes that are there already, or that are too many however much room there is.
        guard fields.offset >= record.offset else { throw APIError.wrongOffset(record.offset) }
        let length = record.length ?? fields.length ?? limit
        if length >= record.offset { try body.check(fits: length - record.offset, limit: length) }
        return try await gate.enter(request, uploader, expecting: body.count ?? 0) {
            // The creation has taken the room of an upload whose length it told.
            let lease: QuotaLease? =
                record.length == nil
                ? try await quotas.take(
                    owner: uploader.user, bytes: max(body.count ?? 0, (fields.length ?? 0) - record.offset), files: 0) : nil
            let upload: ResumableUpload
            do {
                upload = try await uploads.open(
                    owner: uploader.user, id: id, at: fields.offset, length: fields.length, isChecked: !sums.isVerified,
                    onEnd: { [channel = uploader.channel] in channel.close(promise: nil) })
            } catch let error as FilesError where error.code == .uploadEnded {
                // Meanwhile: by another request, or by itself.
                let record = try await uploads.find(owner: uploader.user, id: id)
                if let ended = try await ended(record, fields, body, request, from: uploader) { return ended }
                throw error
            }
            do {
                let length = upload.record.length ?? limit
                try body.check(fits: length - upload.record.offset, limit: length)
                try await Expectation.meet(request, on: uploader.channel)
            } catch {
                _ = await upload.cut()
                throw error
            }
            let receipt = try await receiver.receive(request, body, from: uploader, into: upload, sums: sums, lease: lease)
            return Response(status: .noContent, headers: receipt.fields)
        }
    }

    /// Gives an upload up, and with it what it has become.
    func delete(_ request: Request, context: UserContext) async throws -> Response {
        let (id, owner) = (try id(context), context.user.id)
        let ended: UploadRecord
        do throws(FilesError) {
            ended = try await uploads.terminate(owner: owner, id: id)
        } catch {
            if error.code == .uploadEnded { throw APIError.uploadIsJoined }
            throw error
        }
        quotas.release(id, of: owner)
        if let file = ended.file {
            // The file first: once the upload is gone, nobody could ask again.
            _ = try await deletion.delete(file, of: owner)
            try await uploads.forget(ended)
        }
        return Response(status: .noContent)
    }

    /// A POST that says which method it stands for (`MethodOverride`).
    func overridden(_ request: Request, context: UserContext) async throws -> Response {
        switch request.method {
        case .patch: try await patch(request, context: context)
        case .delete: try await delete(request, context: context)
        case .head: try await head(request, context: context)
        default: throw APIError.methodNotAllowed(allow: "HEAD, PATCH, DELETE, OPTIONS")
        }
    }

    /// What a PATCH is answered that comes after the end: it may be the one whose answer was lost.
    ///
    /// - Returns: nil for an upload that takes bytes.
    private func ended(
        _ record: UploadRecord, _ fields: AppendFields, _ body: UploadBody, _ request: Request, from uploader: Uploader
    ) async throws -> Response? {
        if record.state == .dead { throw APIError.uploadDead(record.failure) }
        if record.kind == .joined || record.joinedInto != nil { throw APIError.uploadIsJoined }
        guard record.state == .complete else { return nil }
        guard fields.offset == record.offset else { throw APIError.wrongOffset(record.offset) }
        guard try await isEmpty(body, request, from: uploader) else { throw APIError.fileTooLarge(limit: record.offset) }
        return Response(status: .noContent, headers: record.progress)
    }

    /// Whether a body has no bytes. One that comes in chunks has to be read for that, up to its first byte.
    private func isEmpty(_ body: UploadBody, _ request: Request, from uploader: Uploader) async throws -> Bool {
        guard body.count == nil else { return body.isEmpty }
        try await Expectation.meet(request, on: uploader.channel)
        for try await bytes in receiver.bytes(of: request, from: uploader) where bytes.readableBytes > 0 { return false }
        return true
    }

    /// - Throws: `APIError.uploadNotFound` for what is no id, as for another user's, so that the two cannot be told apart (H50, H51).
    private func id(_ context: UserContext) throws -> UploadID {
        guard let text = context.parameters.get("id"), let id = UploadID(text), id.description == text else {
            throw APIError.uploadNotFound
        }
        return id
    }
}

extension ResumableReceiver.Receipt {
    var fields: HTTPFields {
        var fields = record.progress
        guard let file else { return fields }
        fields[.uploadExpires] = nil
        fields.name(file)
        return fields
    }
}
