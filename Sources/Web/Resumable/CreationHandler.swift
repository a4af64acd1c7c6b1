import Cryptography
import Files
import HTTPTypes
import Hummingbird
import Platform

/// `POST /uploads`: begins an upload, with or without its first bytes, or makes one of parts.
struct CreationHandler {
    /// What a creation is about, as far as its head tells.
    struct Plan {
        let draft: UploadDraft
        /// In bytes; nil when the client will tell it later.
        let length: Int64?
        let body: UploadBody
        /// What the body is compared with.
        let sums: BodyDigests
    }

    let uploads: ResumableUploads
    let staging: StagingArea
    let gate: UploadGate
    let quotas: QuotaKeeper
    let types: TypeGuard
    let receiver: ResumableReceiver
    let replies: ReplyStore

    private var limit: Int64 { receiver.limits.fileSize }

    func post(_ request: Request, context: UserContext) async throws -> Response {
        let fields = try CreationFields(request.headers)
        let uploader = context.uploader
        switch fields.kind {
        case .whole(let length): return try await begin(request, fields, .whole, length, for: uploader)
        case .part(let length): return try await begin(request, fields, .part, length, for: uploader)
        case .joined(let parts): return try await join(request, fields, parts, for: uploader)
        }
    }

    private func join(_ request: Request, _ fields: CreationFields, _ parts: [UploadID], for uploader: Uploader) async throws -> Response {
        let body = try UploadBody(request)
        guard body.isEmpty else { throw UploadFieldError(.concat, "What is made of parts has no bytes of its own.") }
        let sums = try receiver.sums(of: request, fields.checksum, at: .creation)
        try await sums.body.verify()
        let draft = try draft(request, fields, .joined, nil, sums.expected, for: uploader)
        if let name = draft.name { try types.check(try FileName(cleaning: name)) }
        return try await gate.enter(request, uploader, as: try repeatable(request, sums.expected, uploader)) { turn in
            try await Expectation.meet(request, on: uploader.channel)
            let claim: ReplyClaim?
            switch turn {
            case .first(let first): claim = first
            case .again(let reply): return try await answer(reply, again: body, for: uploader)
            }
            let record = try await uploads.join(draft, parts: parts) { Self.reply(to: claim, at: $0, body) }
            if record.state == .dead { throw APIError.uploadDead(record.failure) }
            return Self.answer(record.location, record.progress)
        }
    }

    private func begin(
        _ request: Request, _ fields: CreationFields, _ kind: UploadKind, _ length: Int64?, for uploader: Uploader
    ) async throws -> Response {
        let body = try UploadBody(request)
        if let length, length > limit { throw APIError.fileTooLarge(limit: limit) }
        try body.check(fits: length ?? limit, limit: length ?? limit)
        // Nil unless this request brings all of a file whose length is known.
        let whole = kind == .whole && (body.count == length || length == 0) ? length : nil
        let sums = try receiver.sums(of: request, fields.checksum, at: kind == .part ? .part : .creation, isWhole: whole != nil)
        let draft = try draft(request, fields, kind, length, sums.expected, for: uploader)
        if kind == .whole, let name = draft.name { try types.check(try FileName(cleaning: name)) }
        let plan = Plan(draft: draft, length: length, body: body, sums: sums.body)
        let upload = try repeatable(request, sums.expected, uploader)
        return try await gate.enter(request, uploader, expecting: length ?? body.count ?? 0, as: upload) { turn in
            if let whole { return try await take(request, whole, plan, turn, from: uploader) }
            switch turn {
            case .first(let claim): return try await begin(request, plan, claim, takesFile: kind == .whole, for: uploader)
            case .again(let reply): return try await answer(reply, again: body, for: uploader)
            }
        }
    }

    private func begin(
        _ request: Request, _ plan: Plan, _ claim: ReplyClaim?, takesFile: Bool, for uploader: Uploader
    ) async throws -> Response {
        let lease = try await quotas.take(
            owner: uploader.user, bytes: plan.length ?? plan.body.count ?? 0, files: takesFile ? 1 : 0, as: plan.draft.id)
        let record = try await uploads.create(plan.draft, reply: Self.reply(to: claim, at: plan.draft.id, plan.body))
        lease.keep()
        guard plan.body.isEmpty else { return try await take(request, plan, record, claim, from: uploader) }
        // Only bytes that came with it are spoken of.
        var progress = record.progress
        progress[.uploadOffset] = nil
        return Self.answer(record.location, progress)
    }

    private func draft(
        _ request: Request, _ fields: CreationFields, _ kind: UploadKind, _ length: Int64?, _ expected: SHA256Digest?,
        for uploader: Uploader
    ) throws -> UploadDraft {
        // A file that nobody has named sends an empty name.
        let name = try fields.metadata["filename"].flatMap { $0.isEmpty ? nil : try FileName(cleaning: $0) }
        let type: String?
        do {
            type = try fields.metadata["filetype"].flatMap { $0.isEmpty ? nil : try MediaType(bytes: $0).description }
        } catch {
            throw UploadFieldError(.metadata, "The value of filetype has to be a media type, such as image/png.")
        }
        return UploadDraft(
            owner: uploader.user, kind: kind, length: length, metadata: fields.metadata.text, name: kind == .part ? nil : name,
            contentType: type ?? UploadHandlers.defaultType, expected: expected,
            concat: kind == .joined ? request.headers[.uploadConcat] : nil)
    }

    static func answer(_ location: String, _ fields: HTTPFields) -> Response {
        var fields = fields
        fields[.location] = location
        return Response(status: .created, headers: fields)
    }
}
