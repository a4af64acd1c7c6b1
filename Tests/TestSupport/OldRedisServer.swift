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
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer(text))), promise: nil)
        }

        private func answer(_ text: String) -> String {
            if text.contains("PING") { return "+OK\r\n+PONG\r\n" }
            if text.contains("EVALSHA") { return "-NOSCRIPT No matching script. Please use EVAL.\r\n" }
            // As 6.2 says it to a first line that it does not know.
            if text.contains("#!lua") {
                return "-ERR Error compiling script (new function): user_script:1: unexpected symbol near '#'\r\n"
            }
            return "$\(info.utf8.count)\r\n\(info)\r\n"
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
