import HTTPTypes
import Hummingbird
import NIOCore

/// The description of the API, as it was built into the program.
enum OpenAPI {
    private static let document = ByteBuffer(bytes: PackageResources.openapi_yaml)

    @Sendable static func serve(_ request: Request, context: WebContext) -> Response {
        Response(status: .ok, headers: [.contentType: "application/yaml"], body: ResponseBody(byteBuffer: document))
    }
}
