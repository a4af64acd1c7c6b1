import HTTPTypes
import Hummingbird
import NIOCore

/// The description of the API, as it was built into the program.
package enum OpenAPI {
    private static let document = ByteBuffer(bytes: PackageResources.openapi_yaml)

    /// The text of the description.
    package static var text: String { String(buffer: document) }

    @Sendable static func serve(_ request: Request, context: WebContext) -> Response {
        Response(status: .ok, headers: [.contentType: "application/yaml"], body: ResponseBody(byteBuffer: document))
    }
}
