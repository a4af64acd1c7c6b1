import Files
import Hummingbird
import Platform

/// `GET /me`: what the caller may send.
struct MeHandler {
    let quotas: QuotaKeeper
    let limits: Settings.Uploads

    func get(_ request: Request, context: UserContext) async throws -> Response {
        let state = try await quotas.state(of: context.user.id)
        return JSONResponse.make { json in
            json.object { json in
                json.member("user", context.user.id.description)
                json.object("limits") { json in
                    json.member("fileBytes", limits.maximumFileSize)
                    json.member("filesPerRequest", limits.maximumFilesPerRequest)
                    json.member("parallelUploads", limits.parallelPerUser)
                }
                guard let state else { return json.member("quota", String?.none) }
                json.object("quota") { json in
                    Self.write("bytes", state.use.limits.bytes, state.use.bytes, state.reservedBytes, to: &json)
                    Self.write("files", state.use.limits.files, state.use.files, state.reservedFiles, to: &json)
                }
            }
        }
    }

    private static func write(_ name: String, _ limit: Int64?, _ used: Int64, _ reserved: Int64, to json: inout JSONWriter) {
        json.object(name) { json in
            json.member("limit", limit)
            json.member("used", used)
            json.member("reserved", reserved)
        }
    }
}
