import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Gives the refusal of what is no HTTP the same form as every other refusal.
///
/// No route ever sees such a request, so the server answers it below the router, without a body.
final class MalformedRequestHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var refusal: APIError?

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError { refusal = error == .headerOverflow ? .headTooLarge : .malformedRequest }
        context.fireErrorCaught(error)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let refusal, case .head(let head) = unwrapOutboundIn(data), head.status == .badRequest, head.headerFields[.contentType] == nil
        else { return context.write(data, promise: promise) }
        let (answer, body) = refusal.wireParts()
        context.write(wrapOutboundOut(.head(answer)), promise: promise)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
    }
}

extension APIError {
    static let malformedRequest = Self(400, "malformed-http", "This is no HTTP request that has one meaning")
    static let headTooLarge = Self(431, "head-too-large", "The head of the request is too large")

    /// The answer that ends the connection, for where there is no router.
    fileprivate func wireParts() -> (HTTPResponse, ByteBuffer) {
        var json = JSONWriter()
        json.object { problem.writeMembers(to: &$0) }
        var head = HTTPResponse(status: .init(code: problem.status), headerFields: headers)
        head.headerFields[.contentType] = ProblemDetails.contentType
        head.headerFields[.contentLength] = String(json.buffer.readableBytes)
        head.headerFields[.connection] = "close"
        head.headerFields.harden()
        return (head, json.buffer)
    }
}
