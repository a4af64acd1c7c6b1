import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Passes one request at a time: what a client has sent behind it waits until it is answered.
///
/// A client may send requests without waiting for answers (RFC 9112, section 9.3.2). If they went on at once, they would be
/// carried out even when the answer before them ends the connection, which the client has to take as "not carried out"
/// (section 9.6), and a request hidden in a refused body would come to life.
final class PipeliningHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private enum State {
        /// A request comes in, or none is there.
        case receiving
        /// A request has been passed on whole; its answer is not out.
        case answering
        /// The answer was out before the request was in.
        case answeredEarly
    }

    private var state = State.receiving
    private var held = CircularBuffer<HTTPRequestPart>()
    /// A call for more that came while parts were held; until they are gone, nothing more is read.
    private var isReadHeld = false
    /// The client has shut its sending side behind the held parts.
    private var isEndHeld = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if isHolding { held.append(part) } else { pass(part, context) }
    }

    func read(context: ChannelHandlerContext) {
        if held.isEmpty { context.read() } else { isReadHeld = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event, !held.isEmpty {
            isEndHeld = true
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        context.write(data, promise: promise)
        switch state {
        case .receiving: state = .answeredEarly
        case .answeredEarly: break
        case .answering:
            state = .receiving
            release(context)
        }
    }

    private var isHolding: Bool {
        if case .answering = state { return true }
        return !held.isEmpty
    }

    private func pass(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        if case .end = part {
            if case .answeredEarly = state { state = .receiving } else { state = .answering }
        }
        context.fireChannelRead(wrapInboundOut(part))
    }

    private func release(_ context: ChannelHandlerContext) {
        guard !held.isEmpty else { return }
        while let part = held.first {
            if case .answering = state { break }
            held.removeFirst()
            pass(part, context)
        }
        context.fireChannelReadComplete()
        guard held.isEmpty else { return }
        if isEndHeld {
            isEndHeld = false
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
        if isReadHeld {
            isReadHeld = false
            context.read()
        }
    }
}
