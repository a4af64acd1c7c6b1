import Accounts
import Files
import Hummingbird
import Platform

/// `GET /files` and `GET /files/{id}`.
struct ListHandlers {
    let catalog: FileCatalog

    func page(_ request: Request, context: UserContext) async throws -> Response {
        let query = try FileQuery(request.uri.query)
        let page = try await query.page(of: context.user.id, in: catalog)
        return JSONResponse.make { json in
            json.object { json in
                json.array("files") { json in
                    for file in page.files { FileJSON.write(file, to: &json) }
                }
                json.member("next", page.next?.description)
            }
        }
    }

    func get(_ request: Request, context: UserContext) async throws -> Response {
        let file = try await find(context)
        return JSONResponse.make { FileJSON.write(file, to: &$0) }
    }

    /// The file that the path names.
    ///
    /// - Throws: `APIError.fileNotFound`, for a malformed id as for another user's, so that the two cannot be told apart.
    func find(_ context: UserContext) async throws -> FileRecord {
        guard let id = context.parameters.get("id").flatMap({ FileID($0) }),
            let file = try await catalog.find(owner: context.user.id, id: id)
        else { throw APIError.fileNotFound }
        return file
    }
}
