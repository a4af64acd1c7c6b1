import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Ends a connection after a response that says `Connection: close`, in a way that lets the client read it.
///
/// A response that begins before the request's end has arrived is made to say so: the rest of the body is wanted by nobody,
/// and reading it to its end could take forever (H12).
///
/// A request that is refused before its body was read leaves bytes on their way. Closing at once would answer them with a
/// reset, and the client's kernel would throw our response away (RFC 9112, section 9.6). So the sending side is shut first,
/// what still arrives is thrown away up to a limit of bytes and time, and then the connection is closed.
final class LingeringCloseHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private enum State {
        case open
        /// A response head with `Connection: close` has been written.
        case closing
        /// The response is out; so many more bytes are thrown away.
        case lingering(remaining: Int)
    }

    /// Enough for what a client has in flight on a fast line; more is a client that does not listen.
    private static let maximumDiscard = 16 << 20
    private static let maximumTime: TimeAmount = .seconds(5)

    private var state = State.open
    private var isRequestWhole = true

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch (unwrapOutboundIn(data), state) {
        case (.head(var head), .open)
        where head.status.kind != .informational && (!isRequestWhole || head.headerFields[.connection]?.lowercased() == "close"):
            state = .closing
            head.headerFields[.connection] = "close"
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case (.end, .closing):
            state = .lingering(remaining: Self.maximumDiscard)
            context.writeAndFlush(data, promise: promise)
            shut(context)
        default:
            context.write(data, promise: promise)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .lingering(let remaining) = state else {
            switch unwrapInboundIn(data) {
            case .head: isRequestWhole = false
            case .body: break
            case .end: isRequestWhole = true
            }
            return context.fireChannelRead(data)
        }
        guard case .body(let bytes) = unwrapInboundIn(data) else { return }
        state = .lingering(remaining: remaining - bytes.readableBytes)
        if remaining < bytes.readableBytes { context.close(promise: nil) }
    }

    /// The reader above may have stopped asking; while lingering this handler asks itself.
    func channelReadComplete(context: ChannelHandlerContext) {
        if case .lingering = state { context.read() } else { context.fireChannelReadComplete() }
    }

    private func shut(_ context: ChannelHandlerContext) {
        context.close(mode: .output, promise: nil)
        context.read()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.maximumTime) {
            bound.value.close(promise: nil)
        }
    }
}
