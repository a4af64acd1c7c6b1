import NIOCore

/// The shell around `ConnectionState`: reads and writes bytes, keeps the one timer, and settles requests.
final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias PushHandler = @Sendable (RedisValue) -> Void

    private var state: ConnectionState<RedisRequest>
    private let reader: ReplyReader
    private let inbox: RequestInbox
    private let push: PushHandler?
    private let isEncrypted: Bool
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    private var direct: DirectExchange?

    init(configuration: RedisConfiguration, inbox: RequestInbox, push: PushHandler?) {
        state = ConnectionState(
            patience: TimeAmount(configuration.commandDeadline), maximumCommands: configuration.maximumPendingCommands,
            takesPushes: push != nil)
        reader = ReplyReader(maximumSize: configuration.maximumReplySize)
        self.inbox = inbox
        self.push = push
        isEncrypted = configuration.tls != nil
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // With TLS the bytes on the socket are not ours to read.
        guard !isEncrypted else { return }
        direct = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { descriptor in
            DirectExchange(descriptor: descriptor)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(RedisError(.unavailable, "connection lost"))
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(RedisError(.unavailable, "connection lost"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(RedisError(.unavailable, "connection failed", underlying: error))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        feed(&buffer)
    }

    private func feed(_ buffer: inout ByteBuffer) {
        do throws(RedisError) {
            try reader.read(&buffer) { value in receive(value) }
        } catch {
            end(error)
        }
    }

    private func receive(_ value: RedisValue) {
        switch state.receive(value) {
        case .complete(let request, let value):
            request.settle(.success(value))
        case .completeAndClose(let request, let value, let error):
            request.settle(.success(value))
            end(error)
        case .push(let value): push?(value)
        case .close(let error): end(error)
        case .wait, .ignore: break
        }
    }

    /// Sends a request and takes its reply at once, if nothing else is under way.
    ///
    /// - Returns: false when it must go the usual way; nothing was done then. After true the reply may still be to come.
    func exchange(_ request: RedisRequest) -> Bool {
        guard state.isIdle, inbox.isQuiet, let context, context.channel.isActive, direct?.mayBegin() == true else { return false }
        guard !request.isSettled, submit(request, now: .now()) else { return true }
        var bytes = request.encoded
        direct?.send(&bytes)
        if let deadline = state.timerToSet() { setTimer(deadline, context) }
        if bytes.readableBytes > 0 {
            // Only the loop can write the rest.
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        } else {
            // Ends at once when the connection does: its descriptor may be somebody else's then.
            direct?.receive(while: { !state.isIdle }, { feed(&$0) })
        }
        return true
    }

    /// - Returns: whether the request is to be written; if not, it has been failed.
    private func submit(_ request: RedisRequest, now: NIODeadline) -> Bool {
        switch state.submit(request, batch: request.batch, deadline: request.deadline, now: now) {
        case .write:
            request.markSent()
            return true
        case .refuse(let error):
            request.fail(error)
            return false
        }
    }

    /// Writes what waits in the inbox, with one flush.
    func writeInbox() {
        direct?.yielded()
        let requests = inbox.take()
        guard let context, !requests.isEmpty else { return }
        let now = NIODeadline.now()
        var accepted: [ByteBuffer] = []
        accepted.reserveCapacity(requests.count)
        for request in requests where !request.isSettled && submit(request, now: now) { accepted.append(request.encoded) }
        guard let first = accepted.first else { return }
        context.writeAndFlush(wrapOutboundOut(accepted.count == 1 ? first : join(accepted, context.channel.allocator)), promise: nil)
        if let deadline = state.timerToSet() { setTimer(deadline, context) }
    }

    private func join(_ buffers: [ByteBuffer], _ allocator: ByteBufferAllocator) -> ByteBuffer {
        var joined = allocator.buffer(capacity: buffers.reduce(0) { $0 + $1.readableBytes })
        for buffer in buffers { joined.writeImmutableBuffer(buffer) }
        return joined
    }

    private func setTimer(_ deadline: NIODeadline, _ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timeOut() }
    }

    private func timeOut() {
        timer = nil
        guard let context else { return }
        let result = state.timeOut(now: .now())
        for request in result.expired { request.fail(RedisError(.timeout, "no reply within the deadline")) }
        if let error = result.close { return end(error) }
        if let next = result.next { setTimer(next, context) }
    }

    /// Closes the connection when the replies under way have arrived; new requests are refused.
    func drain() {
        writeInbox()
        if let error = state.drain() { end(error) }
    }

    /// Closes the connection and fails whoever waits. Any call but the first does nothing of consequence.
    func end(_ error: RedisError) {
        inbox.close(error)
        timer?.cancel()
        timer = nil
        for request in state.close() { request.fail(error) }
        context?.close(promise: nil)
    }
}
