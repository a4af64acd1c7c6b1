import HTTPTypes
package import NIOCore
package import NIOHTTPTypes

/// Ends a connection after a response that says `Connection: close`, in a way that lets the client read it.
///
/// A response that begins before the request's end has arrived is made to say so: the rest of the body is wanted by nobody,
/// and reading it to its end could take forever (H12).
///
/// A request that is refused before its body was read leaves bytes on their way. Closing at once would answer them with a
/// reset, and the client's kernel would throw our response away (RFC 9112, section 9.6). So the sending side is shut once
/// the response is out, what still arrives is thrown away up to a limit of bytes and time, and then the connection is closed.
/// The time for the client begins when the kernel has the whole response; until then another limit holds.
package final class LingeringCloseHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    private enum State {
        case open
        /// A response head with `Connection: close` has been written.
        case closing
        /// The response has been written to its end; so many more bytes are thrown away.
        case lingering(remaining: Int)
    }

    /// Enough for what a client has in flight on a fast line; more is a client that does not listen.
    private static let maximumDiscard = 16 << 20
    /// How long the client may go on once it has the response.
    package static let maximumTime: TimeAmount = .seconds(5)

    private let writeTimeout: TimeAmount
    private var state = State.open
    private var isRequestWhole = true
    private var timer: Scheduled<Void>?

    /// - Parameter writeTimeout: how long the end of a response may take to leave.
    package init(writeTimeout: TimeAmount) {
        self.writeTimeout = writeTimeout
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch (unwrapOutboundIn(data), state) {
        case (.head(var head), .open)
        where head.status.kind != .informational
            && (!isRequestWhole || head.headerFields.value(of: .connection)?.lowercased() == "close"):
            state = .closing
            head.headerFields[.connection] = "close"
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case (.end, .closing):
            state = .lingering(remaining: Self.maximumDiscard)
            writeEnd(data, promise ?? context.eventLoop.makePromise(), context)
        default:
            context.write(data, promise: promise)
        }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
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
    package func channelReadComplete(context: ChannelHandlerContext) {
        if case .lingering = state { context.read() } else { context.fireChannelReadComplete() }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    private func writeEnd(_ data: NIOAny, _ promise: EventLoopPromise<Void>, _ context: ChannelHandlerContext) {
        closeLater(context, in: writeTimeout)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { result in
            let (handler, context) = bound.value
            guard case .success = result, context.channel.isActive else { return context.close(promise: nil) }
            context.close(mode: .output, promise: nil)
            handler.closeLater(context, in: Self.maximumTime)
        }
        context.writeAndFlush(data, promise: promise)
        context.read()
    }

    private func closeLater(_ context: ChannelHandlerContext, in time: TimeAmount) {
        timer?.cancel()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: time) { bound.value.close(promise: nil) }
    }
}
