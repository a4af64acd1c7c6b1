import HTTPTypes
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes
package import Platform

/// Gives the refusal of what is no HTTP the same form as every other refusal.
///
/// No route ever sees such a request, so the server answers it below the router, without a body.
package final class MalformedRequestHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    private let security: SecurityLog
    private let address: PublicAddress
    private var refusal: APIError?

    package init(security: SecurityLog, address: PublicAddress) {
        self.security = security
        self.address = address
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if refusal == nil, let error = error as? HTTPParserError {
            let refusal: APIError = error == .headerOverflow ? .headTooLarge : .malformedRequest
            // A client that goes away in the middle, as after a refusal, has sent nothing malformed.
            if let event = refusal.event, error != .invalidEOFState {
                security.record(event, from: .init(peer: context.channel.remoteAddress))
            }
            self.refusal = refusal
        }
        context.fireErrorCaught(error)
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let refusal, case .head(let head) = unwrapOutboundIn(data), head.status == .badRequest, head.headerFields[.contentType] == nil
        else { return context.write(data, promise: promise) }
        let (answer, body) = refusal.wireParts(at: address)
        context.write(wrapOutboundOut(.head(answer)), promise: promise)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
    }
}

extension APIError {
    static let malformedRequest = Self(
        ProblemDetails(status: 400, title: "This is no HTTP request that has one meaning", type: "/problems/malformed-http"),
        event: .malformedHTTP)
    static let headTooLarge = Self(
        ProblemDetails(status: 431, title: "The head of the request is too large", type: "/problems/head-too-large"),
        event: .headTooLarge)
}
