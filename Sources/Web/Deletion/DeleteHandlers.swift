import Accounts
import Files
import Foundation
import Hummingbird
import NIOCore
import Platform

/// `DELETE /files/{id}` and `DELETE /files`.
struct DeleteHandlers {
    private static let maximumBody = 64 << 10
    private static let maximumCount = 1000

    private struct Body: Decodable {
        let ids: [String]
    }

    let catalog: FileCatalog
    /// Enqueues the removal of the bytes. Failure is no error: the row, `deleting`, is found by Reconcile.
    let announce: @Sendable ([FileRecord]) async -> Void

    func one(_ request: Request, context: UserContext) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap({ FileID($0) }) else { throw APIError.fileNotFound }
        let deleted = try await catalog.markDeleting(owner: context.user.id, ids: [id])
        guard let file = deleted[id] else { throw APIError.fileNotFound }
        await announce([file])
        return Response(status: .noContent)
    }

    func many(_ request: Request, context: UserContext) async throws -> Response {
        let names = try await ids(of: request, on: context.channel)
        let deleted = try await catalog.markDeleting(owner: context.user.id, ids: Array(Set(names.compactMap { FileID($0) })))
        await announce(Array(deleted.values))
        return JSONResponse.make { json in
            json.object { json in
                json.array("files") { json in
                    for name in names { Self.write(name, isDeleted: FileID(name).map { deleted[$0] != nil } ?? false, to: &json) }
                }
            }
        }
    }

    private static func write(_ name: String, isDeleted: Bool, to json: inout JSONWriter) {
        json.object { json in
            json.member("id", name)
            if isDeleted {
                json.member("state", FileState.deleting.rawValue)
            } else {
                json.object("error") { APIError.fileNotFound.problem.writeMembers(to: &$0) }
            }
        }
    }

    private func ids(of request: Request, on channel: any Channel) async throws -> [String] {
        guard let type = request.headers[.contentType], try MediaType(type).isJSON else {
            throw APIError.mediaType(expected: "application/json")
        }
        try await Expectation.meet(request, on: channel)
        var body = ByteBuffer()
        for try await bytes in request.body {
            guard body.readableBytes + bytes.readableBytes <= Self.maximumBody else {
                throw APIError.requestTooLarge(limit: Self.maximumBody)
            }
            body.writeImmutableBuffer(bytes)
        }
        guard let decoded = try? JSONDecoder().decode(Body.self, from: Data(body.readableBytesView)),
            (1...Self.maximumCount).contains(decoded.ids.count)
        else {
            throw APIError(
                400, "bad-ids", "The body does not name files", detail: "Send {\"ids\": […]} with 1 to \(Self.maximumCount) ids.")
        }
        return decoded.ids
    }
}
