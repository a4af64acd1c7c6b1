import Accounts
import Cryptography
import Files
import HTTPTypes
import Hummingbird
import NIOCore

/// `POST /files` and `PUT /files/{name}`: bytes come in, are made safe, and are answered with `202`.
struct UploadHandlers {
    static let defaultType = "application/octet-stream"
    /// Room that is asked for at the beginning where the length of the files is not known.
    private static let stride: Int64 = 1 << 20

    let staging: StagingArea
    let intake: FileIntake
    let gate: UploadGate
    let limits: UploadLimits
    let types: TypeGuard
    let sessions: SessionStore
    let tokens: TokenStore
    let security: SecurityLog

    /// Takes a multipart/form-data body with one or many files.
    func post(_ request: Request, context: UserContext) async throws -> Response {
        let uploader = context.uploader
        let boundary = try Self.boundary(of: request)
        let digests = BodyDigests(try Self.digests(of: request), pool: staging.pool)
        let upload = try IdempotentUpload(request, of: uploader.user, in: intake.replies)
        return try await gate.enter(request, uploader, as: upload) { turn in
            let lease = try await gate.admit(request, uploader, turn, ahead: Self.room(ahead: request))
            let parts = try await read(request, boundary, from: uploader, lease, digests: digests)
            return try await answer(parts, turn, for: uploader, lease)
        }
    }

    /// Takes the files of a multipart/form-data body.
    ///
    /// - Parameter form: asks for the form's token, which has to come before its files; nil where a header has said as much.
    /// - Returns: one outcome per file, in the order of the request; at least one.
    func receive(_ request: Request, from uploader: Uploader, form: FormGate? = nil) async throws -> [UploadOutcome] {
        let boundary = try Self.boundary(of: request)
        return try await gate.enter(request, uploader) {
            let lease = try await gate.admit(request, uploader, ahead: Self.room(ahead: request))
            return await accept(try await read(request, boundary, from: uploader, lease, form: form), for: uploader, lease)
        }
    }

    private static func boundary(of request: Request) throws -> MultipartBoundary {
        guard let type = request.headers.value(of: .contentType) else { throw APIError.mediaType(expected: "multipart/form-data") }
        return try MultipartBoundary(contentType: type)
    }

    private static func digests(of request: Request) throws -> [DigestFields.Member] {
        let fields = try DigestFields(request.headers)
        guard !fields.isUnsupported else { throw APIError.digestUnsupported(.file) }
        return fields.members
    }

    private static func announced(_ request: Request) -> Int64? { request.headers[.contentLength].flatMap { Int64($0) } }

    /// Room that is asked for before the files of a form are known.
    private static func room(ahead request: Request) -> Int64 { min(announced(request) ?? stride, stride) }

    private func read(
        _ request: Request, _ boundary: MultipartBoundary, from uploader: Uploader, _ lease: QuotaLease, digests: BodyDigests? = nil,
        form: FormGate? = nil
    ) async throws -> [MultipartReceiver.Part] {
        var receiver = MultipartReceiver(
            boundary: boundary, staging: staging, limits: limits, types: types, lease: lease, gate: form)
        try await receiver.receive(body(of: request, from: uploader, digests, form))
        guard !receiver.parts.isEmpty else { throw APIError.noFile }
        if digests?.isVerified == false {
            await receiver.discard()
            throw APIError.bodyNotVerified(limit: limits.skip)
        }
        for case .refused(_, let error) in receiver.parts { security.record(error, of: request, on: uploader.channel) }
        return receiver.parts
    }

    /// Takes one file as the whole body; its name is the last part of the path.
    func put(_ request: Request, context: UserContext) async throws -> Response {
        let encoded = try context.parameters.require("id")
        let name = try FileName(cleaning: PercentEncoding.decode(encoded.utf8, plusIsSpace: false))
        let type = try request.headers[.contentType].map { try MediaType($0).description } ?? Self.defaultType
        let length = Self.announced(request)
        let uploader = context.uploader
        let digests = try Self.digests(of: request)
        // The digest of the file is computed in any case.
        let meant = digests.first { $0.algorithm == .sha256 }
        let others = BodyDigests(digests.filter { $0.algorithm != .sha256 }, pool: staging.pool)
        let upload = try IdempotentUpload(
            request, of: uploader.user, in: intake.replies,
            announcing: .init(name: name, contentType: type, size: length, digest: meant?.digest))
        if let length, length > limits.fileSize {
            throw APIError.fileTooLarge(limit: limits.fileSize)
        }
        try types.check(name)
        return try await gate.enter(request, uploader, expecting: length ?? 0, as: upload) { turn in
            let lease = try await gate.admit(
                request, uploader, turn, expecting: length ?? 0, ahead: length == nil ? Self.stride : 0)
            let watchers = types.watchers(of: name) + [try await QuotaWatcher.begin(lease)]
            let file = try await receive(request, from: uploader, length: length, watchers: watchers, digests: others)
            if let meant, file.sha256.bytes != meant.digest {
                await staging.discard(file)
                throw APIError.digestMismatch(meant)
            }
            if case .first(nil) = turn {
                return UploadAnswer.render([
                    .accepted(try await intake.accept(file, owner: uploader.user, name: name, contentType: type, lease: lease))
                ])
            }
            return try await answer([.received(file, name: name, contentType: type)], turn, for: uploader, lease)
        }
    }

    private func receive(
        _ request: Request, from uploader: Uploader, length: Int64?, watchers: [any UploadWatcher], digests: BodyDigests
    ) async throws -> ReceivedFile {
        let upload = IncomingUpload(
            try await staging.makeUpload(limit: limits.fileSize, expected: length ?? 0), watchers: watchers)
        do {
            for try await bytes in body(of: request, from: uploader, digests) { try await upload.write(bytes) }
            // A peer that goes away ends the sequence like one that is done.
            guard upload.count == length ?? upload.count else { throw APIError.cutBody }
            return try await upload.finish()
        } catch {
            await upload.discard()
            throw error
        }
    }

    private func body(of request: Request, from uploader: Uploader, _ digests: BodyDigests?, _ form: FormGate? = nil) -> RequestBody {
        let body = RequestBody(
            asyncSequence: AttendedBody(
                body: request.body, credential: uploader.credential, sessions: sessions, tokens: tokens, gate: form))
        guard let digests, !digests.isVerified else { return body }
        return RequestBody(asyncSequence: VerifiedBody(body: body, digests: digests))
    }

    /// Accepts all received parts at once, so that one request costs one group commit. A part that cannot be accepted is
    /// refused alone.
    func accept(_ parts: [MultipartReceiver.Part], for uploader: Uploader, _ lease: QuotaLease) async -> [UploadOutcome] {
        // Most requests have one file; it needs no task of its own.
        if parts.count == 1 { return [await accept(parts[0], for: uploader, lease)] }
        return await withTaskGroup(of: (Int, UploadOutcome).self) { group in
            var outcomes: [UploadOutcome?] = Array(repeating: nil, count: parts.count)
            for (index, part) in parts.enumerated() { group.addTask { (index, await accept(part, for: uploader, lease)) } }
            for await (index, outcome) in group { outcomes[index] = outcome }
            return outcomes.compactMap { $0 }
        }
    }

    private func accept(_ part: MultipartReceiver.Part, for uploader: Uploader, _ lease: QuotaLease) async -> UploadOutcome {
        switch part {
        case .refused(let name, let error): return .refused(name: name, error)
        case .received(let file, let name, let contentType):
            do {
                return .accepted(
                    try await intake.accept(file, owner: uploader.user, name: name, contentType: contentType, lease: lease))
            } catch {
                return .refused(name: name.value, APIError(error))
            }
        }
    }
}
