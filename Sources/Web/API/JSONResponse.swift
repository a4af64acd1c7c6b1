import HTTPTypes
import Hummingbird

/// A response whose body is written as JSON straight into its buffer.
enum JSONResponse {
    static func make(
        status: Int = 200, contentType: String = "application/json", headers: HTTPFields = [:], _ write: (inout JSONWriter) -> Void
    ) -> Response {
        var json = JSONWriter()
        write(&json)
        var headers = headers
        headers.append(HTTPField(name: .contentType, value: contentType))
        return Response(status: .init(code: status), headers: headers, body: ResponseBody(byteBuffer: json.buffer))
    }
}
