import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing
import Web

/// The clock here is the loop's, and moves when it is told to.
struct LingeringCloseTests {
    private static let writeTimeout: TimeAmount = .seconds(60)

    /// Stands for the socket: keeps the end of a response until the test lets the kernel take it.
    private final class Wire: ChannelOutboundHandler {
        typealias OutboundIn = HTTPResponsePart
        typealias OutboundOut = HTTPResponsePart

        var end: EventLoopPromise<Void>?
        var isHalfClosed = false

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if case .end = unwrapOutboundIn(data) { end = promise } else { context.write(data, promise: promise) }
        }

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            guard case .output = mode else { return context.close(mode: mode, promise: promise) }
            isHalfClosed = true
            promise?.succeed()
        }
    }

    /// A connection whose request is answered with `Connection: close` before its body was read.
    private func refused() throws -> (EmbeddedChannel, Wire) {
        let wire = Wire()
        let channel = EmbeddedChannel(handlers: [wire, LingeringCloseHandler(writeTimeout: Self.writeTimeout)])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        try channel.writeInbound(HTTPRequestPart.head(HTTPRequest(method: .put, scheme: "http", authority: "a", path: "/")))
        channel.write(HTTPResponsePart.head(HTTPResponse(status: .unauthorized)), promise: nil)
        channel.writeAndFlush(HTTPResponsePart.end(nil), promise: nil)
        return (channel, wire)
    }

    @Test("while the response is on its way the client's time does not run, and the sending side stays open")
    func starts() throws {
        let (channel, wire) = try refused()
        channel.embeddedEventLoop.advanceTime(by: LingeringCloseHandler.maximumTime + .seconds(20))
        #expect(channel.isActive && !wire.isHalfClosed)
        wire.end?.succeed()
        #expect(wire.isHalfClosed)
        channel.embeddedEventLoop.advanceTime(by: LingeringCloseHandler.maximumTime - .milliseconds(1))
        #expect(channel.isActive, "the client has its time, however long the response took")
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
    }

    @Test("a response that never leaves does not hold the connection for ever")
    func bound() throws {
        let (channel, wire) = try refused()
        channel.embeddedEventLoop.advanceTime(by: Self.writeTimeout - .milliseconds(1))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
        wire.end?.fail(ChannelError.ioOnClosedChannel)
    }

    @Test("a response that cannot be written ends the connection at once")
    func failure() throws {
        let (channel, wire) = try refused()
        wire.end?.fail(ChannelError.ioOnClosedChannel)
        #expect(!channel.isActive && !wire.isHalfClosed)
    }

    @Test("what the client goes on sending is thrown away, up to a limit of bytes")
    func discard() throws {
        let (channel, wire) = try refused()
        wire.end?.succeed()
        let mebibyte = ByteBuffer(repeating: 0, count: 1 << 20)
        _ = try channel.readInbound(as: HTTPRequestPart.self)
        for _ in 0..<16 { try channel.writeInbound(HTTPRequestPart.body(mebibyte)) }
        #expect(channel.isActive)
        #expect(try channel.readInbound(as: HTTPRequestPart.self) == nil)
        _ = try? channel.writeInbound(HTTPRequestPart.body(mebibyte))
        #expect(!channel.isActive)
    }
}
