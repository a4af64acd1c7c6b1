import NIOCore
import NIOHTTP1
import Synchronization

/// What the connections of one probe server share.
final class ProbeLimits: Sendable {
    static let maximumConnections = 64
    static let maximumRequestBytes = 16384

    let ask: AsyncStream<ProbeHandler.Answer>.Continuation
    let lifetime: TimeAmount
    private let connections = Atomic(0)

    init(ask: AsyncStream<ProbeHandler.Answer>.Continuation, lifetime: TimeAmount) {
        self.ask = ask
        self.lifetime = lifetime
    }

    /// - Returns: whether one more connection is allowed; if so, `leave()` must follow.
    func enter() -> Bool {
        guard connections.wrappingAdd(1, ordering: .relaxed).newValue > Self.maximumConnections else { return true }
        leave()
        return false
    }

    func leave() {
        connections.wrappingSubtract(1, ordering: .relaxed)
    }
}

/// Answers the one request of a connection and closes it.
final class ProbeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    typealias Answer = @Sendable (Readiness) -> Void

    private let registry: PrometheusRegistry
    private let limits: ProbeLimits
    private var hasAnswered = false

    private init(registry: PrometheusRegistry, limits: ProbeLimits) {
        self.registry = registry
        self.limits = limits
    }

    /// Builds the pipeline, or closes the connection when there are too many.
    static func install(on channel: any Channel, registry: PrometheusRegistry, limits: ProbeLimits) throws {
        guard limits.enter() else { return channel.close(promise: nil) }
        let expiry = channel.eventLoop.scheduleTask(in: limits.lifetime) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in
            expiry.cancel()
            limits.leave()
        }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(ByteLimitHandler(limit: ProbeLimits.maximumRequestBytes))
        try pipeline.addHandler(HTTPResponseEncoder())
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
        try pipeline.addHandler(HTTPServerProtocolErrorHandler())
        try pipeline.addHandler(ProbeHandler(registry: registry, limits: limits))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data), !hasAnswered else { return }
        hasAnswered = true
        guard head.method == .GET || head.method == .HEAD else { return answer(context, head, .notFound, "text/plain", []) }
        switch head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).first {
        case "/live": answer(context, head, .ok, "text/plain", Array("ok\n".utf8))
        case "/metrics": answer(context, head, .ok, PrometheusText.contentType, registry.render())
        case "/ready": askReadiness(context, head)
        default: answer(context, head, .notFound, "text/plain", [])
        }
    }

    /// Anything wrong with a connection ends it; the protocol error handler has answered 400 where that was possible.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func askReadiness(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        let result = limits.ask.yield { readiness in
            loop.execute {
                let (handler, context) = bound.value
                let status: HTTPResponseStatus = readiness.isReady ? .ok : .serviceUnavailable
                handler.answer(context, head, status, "application/json", readiness.json)
            }
        }
        guard case .enqueued = result else {
            // More are waiting than one evaluation should have to answer, or the process is shutting down.
            let busy = Readiness(entries: [.init(name: "probe", fault: "busy or shutting down")])
            return answer(context, head, .serviceUnavailable, "application/json", busy.json)
        }
    }

    private func answer(
        _ context: ChannelHandlerContext, _ head: HTTPRequestHead, _ status: HTTPResponseStatus, _ type: String, _ body: [UInt8]
    ) {
        let headers: HTTPHeaders = [
            "Content-Type": type, "Content-Length": "\(body.count)", "Cache-Control": "no-store", "Connection": "close",
        ]
        context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
        if head.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}

/// Ends a connection that has sent more than a request may be long.
private final class ByteLimitHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var remaining: Int

    init(limit: Int) {
        remaining = limit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        remaining -= unwrapInboundIn(data).readableBytes
        guard remaining >= 0 else { return context.close(promise: nil) }
        context.fireChannelRead(data)
    }
}
