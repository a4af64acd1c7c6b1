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
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?

    init(configuration: RedisConfiguration, inbox: RequestInbox, push: PushHandler?) {
        state = ConnectionState(
            patience: TimeAmount(configuration.commandDeadline), maximumCommands: configuration.maximumPendingCommands,
            takesPushes: push != nil)
        reader = ReplyReader(maximumSize: configuration.maximumReplySize)
        self.inbox = inbox
        self.push = push
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
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

    /// Writes what waits in the inbox, with one flush.
    func writeInbox() {
        let requests = inbox.take()
        guard let context, !requests.isEmpty else { return }
        let now = NIODeadline.now()
        var accepted: [ByteBuffer] = []
        accepted.reserveCapacity(requests.count)
        for request in requests where !request.isSettled {
            switch state.submit(request, batch: request.batch, deadline: request.deadline, now: now) {
            case .write:
                request.markSent()
                accepted.append(request.encoded)
            case .refuse(let error): request.fail(error)
            }
        }
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
