import HTTPTypes
import NIOCore
import Platform

extension APIError {
    /// The answer that ends the connection, for where there is no router.
    func wireParts(at address: PublicAddress) -> (HTTPResponse, ByteBuffer) {
        var json = JSONWriter()
        json.object { problem.writeMembers(to: &$0) }
        var head = HTTPResponse(status: .init(code: problem.status), headerFields: headers)
        head.headerFields[.contentType] = ProblemDetails.contentType
        head.headerFields[.contentLength] = String(json.buffer.readableBytes)
        head.headerFields[.connection] = "close"
        head.headerFields.harden(at: address)
        return (head, json.buffer)
    }
}
