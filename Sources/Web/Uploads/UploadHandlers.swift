import Accounts
import Files
import HTTPTypes
import Hummingbird
import NIOCore

/// `POST /files` and `PUT /files/{name}`: bytes come in, are made safe, and are answered with `202`.
struct UploadHandlers {
    static let defaultType = "application/octet-stream"

    let staging: StagingArea
    let intake: FileIntake
    let admission: UploadAdmission
    let limits: UploadLimits
    let security: SecurityLog

    /// Takes a multipart/form-data body with one or many files.
    func post(_ request: Request, context: UserContext) async throws -> Response {
        guard let type = request.headers.value(of: .contentType) else { throw APIError.mediaType(expected: "multipart/form-data") }
        let boundary = try MultipartBoundary(contentType: type)
        return try await admit(request, context) {
            var receiver = MultipartReceiver(boundary: boundary, staging: staging, limits: limits)
            try await receiver.receive(request.body)
            guard !receiver.parts.isEmpty else { throw APIError.noFile }
            for case .refused(_, let error) in receiver.parts { security.record(error, of: request, on: context.channel) }
            let outcomes = await accept(receiver.parts, for: context)
            return UploadAnswer.render(outcomes)
        }
    }

    /// Takes one file as the whole body; its name is the last part of the path.
    func put(_ request: Request, context: UserContext) async throws -> Response {
        let encoded = try context.parameters.require("id")
        let name = try FileName(cleaning: PercentEncoding.decode(encoded.utf8, plusIsSpace: false))
        let type = try request.headers[.contentType].map { try MediaType($0).description } ?? Self.defaultType
        let length = request.headers[.contentLength].flatMap { Int64($0) }
        if let length, length > limits.fileSize {
            throw APIError.fileTooLarge(limit: limits.fileSize)
        }
        return try await admit(request, context, expecting: length ?? 0) {
            let upload = try staging.makeUpload(limit: limits.fileSize, expected: length ?? 0)
            let received: ReceivedFile
            do {
                for try await bytes in request.body { try await upload.write(bytes) }
                // A peer that goes away ends the sequence like one that is done.
                guard upload.count == length ?? upload.count else { throw APIError.cutBody }
                received = try await upload.finish()
            } catch {
                await upload.discard()
                throw error
            }
            let file = try await intake.accept(received, owner: context.user.id, name: name, contentType: type)
            return UploadAnswer.render([.accepted(file)])
        }
    }

    /// Everything that can speak against a body is asked before the client is told to send it.
    private func admit(
        _ request: Request, _ context: UserContext, expecting count: Int64 = 0, _ body: () async throws -> Response
    ) async throws -> Response {
        guard request.headers.value(of: .contentEncoding).map({ $0.lowercased() == "identity" }) ?? true else { throw APIError.encodedBody }
        return try await admission.admit(context.user.id) {
            try staging.checkSpace(for: count)
            try await Expectation.meet(request, on: context.channel)
            return try await body()
        }
    }

    /// Accepts all received parts at once, so that one request costs one group commit. A part that cannot be accepted is
    /// refused alone.
    private func accept(_ parts: [MultipartReceiver.Part], for context: UserContext) async -> [UploadOutcome] {
        // Most requests have one file; it needs no task of its own.
        if parts.count == 1 { return [await accept(parts[0], for: context)] }
        return await withTaskGroup(of: (Int, UploadOutcome).self) { group in
            var outcomes: [UploadOutcome?] = Array(repeating: nil, count: parts.count)
            for (index, part) in parts.enumerated() { group.addTask { (index, await accept(part, for: context)) } }
            for await (index, outcome) in group { outcomes[index] = outcome }
            return outcomes.compactMap { $0 }
        }
    }

    private func accept(_ part: MultipartReceiver.Part, for context: UserContext) async -> UploadOutcome {
        switch part {
        case .refused(let name, let error): return .refused(name: name, error)
        case .received(let file, let name, let contentType):
            do {
                return .accepted(try await intake.accept(file, owner: context.user.id, name: name, contentType: contentType))
            } catch {
                return .refused(name: name.value, APIError(error))
            }
        }
    }
}
