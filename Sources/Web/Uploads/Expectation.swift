import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes

/// `Expect: 100-continue` (RFC 9110, section 10.1.1): the client holds its body back until it is told to go on.
enum Expectation {
    /// Tells the client to send, once nothing speaks against its body any more.
    static func meet(_ request: Request, on channel: any Channel) async throws {
        guard let expectation = request.headers.value(of: .expect) else { return }
        guard expectation.lowercased() == "100-continue" else { throw APIError.expectationFailed }
        try await channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)))
    }
}
