import NIOCore
import NIOPosix

/// A peer that greets like Redis and says in its `INFO` that it is of some version.
public enum OldRedisServer {
    private final class Answers: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let info: String

        init(info: String) {
            self.info = info
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            let answer = text.contains("PING") ? "+OK\r\n+PONG\r\n" : "$\(info.utf8.count)\r\n\(info)\r\n"
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        }
    }

    /// - Parameter body: gets the port.
    public static func with(version: String, _ body: (Int) async throws -> Void) async throws {
        let info = "# Server\r\nredis_version:\(version)\r\nrole:master\r\n"
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answers(info: info)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result<Void, any Error>
        do { result = .success(try await body(channel.localAddress?.port ?? 0)) } catch { result = .failure(error) }
        try await channel.close()
        try result.get()
    }
}
