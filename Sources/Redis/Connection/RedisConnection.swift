import NIOCore

/// One connection, for use from any task.
final class RedisConnection: Sendable {
    private let channel: any Channel
    private let inbox: RequestInbox
    private let handler: NIOLoopBound<RedisChannelHandler>

    /// Adds the handler to a channel that is being set up. To be called on its event loop.
    init(channel: any Channel, configuration: RedisConfiguration, push: RedisChannelHandler.PushHandler?) throws {
        let inbox = RequestInbox()
        let handler = RedisChannelHandler(configuration: configuration, inbox: inbox, push: push)
        try channel.pipeline.syncOperations.addHandler(handler)
        self.channel = channel
        self.inbox = inbox
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    var isActive: Bool { channel.isActive }

    func submit(_ request: RedisRequest) {
        // On this thread only tasks run that prefer the executor of a client.
        if channel.eventLoop.inEventLoop, handler.value.exchange(request) { return }
        guard inbox.add(request) else { return }
        channel.eventLoop.execute { self.handler.value.writeInbox() }
    }

    /// Closes at once; whoever waits gets `error`, and so does whoever comes later.
    func close(_ error: RedisError) {
        inbox.close(error)
        channel.eventLoop.execute { self.handler.value.end(error) }
    }

    /// Closes when the replies under way have arrived, at the latest when they are overdue.
    func drain() {
        channel.eventLoop.execute { self.handler.value.drain() }
    }

    /// Returns when the connection is closed. Not ended by cancellation.
    func closed() async {
        await withCheckedContinuation { continuation in
            channel.closeFuture.whenComplete { _ in continuation.resume() }
        }
    }

    func onClose(_ body: @escaping @Sendable () -> Void) {
        channel.closeFuture.whenComplete { _ in body() }
    }
}
