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
        guard let id = context.parameters.get("id").flatMap({ FileID($0) }), try await delete(id, of: context.user.id) else {
            throw APIError.fileNotFound
        }
        return Response(status: .noContent)
    }

    /// - Returns: false when the user has no such file.
    func delete(_ id: FileID, of owner: UserID) async throws -> Bool {
        guard let file = try await catalog.markDeleting(owner: owner, ids: [id])[id] else { return false }
        await announce([file])
        return true
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
        let body = try await request.collectBody(upTo: Self.maximumBody, on: channel)
        guard let decoded = try? JSONDecoder().decode(Body.self, from: Data(body.readableBytesView)),
            (1...Self.maximumCount).contains(decoded.ids.count)
        else {
            throw APIError(
                400, "bad-ids", "The body does not name files", detail: "Send {\"ids\": […]} with 1 to \(Self.maximumCount) ids.")
        }
        return decoded.ids
    }
}
