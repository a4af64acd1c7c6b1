import NIOCore
import NIOPosix

/// A peer that greets like Redis and then answers every read with given bytes.
enum FakeServer {
    private final class Answers: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let answer: @Sendable () -> String
        private let greeting: String

        init(greeting: String, answer: @escaping @Sendable () -> String) {
            self.greeting = greeting
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            guard text.contains("PING") else {
                return context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer())), promise: nil)
            }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: greeting)), promise: nil)
        }
    }

    /// - Parameter body: gets the port.
    static func with<T>(
        greeting: String = "+OK\r\n+PONG\r\n", answer: String, _ body: (Int) async throws -> T
    ) async throws -> T {
        try await with(greeting: greeting, answers: { answer }, body)
    }

    /// - Parameter answers: what to say each time.
    static func with<T>(
        greeting: String = "+OK\r\n+PONG\r\n", answers: @escaping @Sendable () -> String, _ body: (Int) async throws -> T
    ) async throws -> T {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answers(greeting: greeting, answer: answers))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result<T, any Error>
        do { result = .success(try await body(channel.localAddress?.port ?? 0)) } catch { result = .failure(error) }
        try await channel.close()
        return try result.get()
    }
}
