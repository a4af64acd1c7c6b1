import Accounts
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
        UploadAnswer.render(try await receive(request, from: context.uploader))
    }

    /// Takes the files of a multipart/form-data body.
    ///
    /// - Parameter form: asks for the form's token, which has to come before its files; nil where a header has said as much.
    /// - Returns: one outcome per file, in the order of the request; at least one.
    func receive(_ request: Request, from uploader: Uploader, form: FormGate? = nil) async throws -> [UploadOutcome] {
        guard let type = request.headers.value(of: .contentType) else { throw APIError.mediaType(expected: "multipart/form-data") }
        let boundary = try MultipartBoundary(contentType: type)
        return try await gate.admit(request, uploader, ahead: min(announced(request) ?? Self.stride, Self.stride)) { lease in
            var receiver = MultipartReceiver(
                boundary: boundary, staging: staging, limits: limits, types: types, lease: lease, gate: form)
            try await receiver.receive(body(of: request, from: uploader, form))
            guard !receiver.parts.isEmpty else { throw APIError.noFile }
            for case .refused(_, let error) in receiver.parts { security.record(error, of: request, on: uploader.channel) }
            return await accept(receiver.parts, for: uploader, lease)
        }
    }

    /// Takes one file as the whole body; its name is the last part of the path.
    func put(_ request: Request, context: UserContext) async throws -> Response {
        let encoded = try context.parameters.require("id")
        let name = try FileName(cleaning: PercentEncoding.decode(encoded.utf8, plusIsSpace: false))
        let type = try request.headers[.contentType].map { try MediaType($0).description } ?? Self.defaultType
        let length = announced(request)
        if let length, length > limits.fileSize {
            throw APIError.fileTooLarge(limit: limits.fileSize)
        }
        try types.check(name)
        let uploader = context.uploader
        return try await gate.admit(request, uploader, expecting: length ?? 0, ahead: length == nil ? Self.stride : 0) { lease in
            let upload = IncomingUpload(
                try await staging.makeUpload(limit: limits.fileSize, expected: length ?? 0),
                watchers: types.watchers(of: name) + [try await QuotaWatcher.begin(lease)])
            let received: ReceivedFile
            do {
                for try await bytes in body(of: request, from: uploader) { try await upload.write(bytes) }
                // A peer that goes away ends the sequence like one that is done.
                guard upload.count == length ?? upload.count else { throw APIError.cutBody }
                received = try await upload.finish()
            } catch {
                await upload.discard()
                throw error
            }
            let file = try await intake.accept(received, owner: uploader.user, name: name, contentType: type, lease: lease)
            return UploadAnswer.render([.accepted(file)])
        }
    }

    private func announced(_ request: Request) -> Int64? { request.headers[.contentLength].flatMap { Int64($0) } }

    private func body(of request: Request, from uploader: Uploader, _ form: FormGate? = nil) -> RequestBody {
        RequestBody(
            asyncSequence: AttendedBody(
                body: request.body, credential: uploader.credential, sessions: sessions, tokens: tokens, gate: form))
    }

    /// Accepts all received parts at once, so that one request costs one group commit. A part that cannot be accepted is
    /// refused alone.
    private func accept(_ parts: [MultipartReceiver.Part], for uploader: Uploader, _ lease: QuotaLease) async -> [UploadOutcome] {
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
