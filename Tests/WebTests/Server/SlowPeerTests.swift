import HTTPTypes
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import Platform
import Testing
import Web

/// When the handlers cut a slow peer. The clock is the loop's, and moves when it is told to.
struct SlowPeerTests {
    private let log = Recorder<String>()

    private var security: SecurityLog {
        SecurityLog(logger: Logger(label: "test") { _ in RecordingLogHandler(log) })
    }

    private func channel(_ handler: any ChannelHandler) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: handler)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        return channel
    }

    private func uploading() throws -> EmbeddedChannel {
        let address = try #require(PublicAddress("https://sluice.test"))
        let channel = try channel(
            SlowBodyHandler(minimumRate: 100, window: .seconds(10), silence: .seconds(20), security: security, address: address))
        try channel.writeInbound(HTTPRequestPart.head(HTTPRequest(method: .put, scheme: "http", authority: "a", path: "/")))
        return channel
    }

    /// Whether the client was told that it is too slow.
    private func isCut(_ channel: EmbeddedChannel) throws -> Bool {
        var parts: [HTTPResponsePart] = []
        while let part = try channel.readOutbound(as: HTTPResponsePart.self) { parts.append(part) }
        guard case .head(let head)? = parts.first else { return false }
        #expect(head.status.code == 408 && head.headerFields[.connection] == "close")
        #expect(head.headerFields[.contentType] == "application/problem+json")
        guard case .end? = parts.last else { return false }
        // For who reads the body it has not come to its end.
        #expect(throws: HTTPParserError.invalidEOFState) { try channel.throwIfErrorCaught() }
        return true
    }

    private func body(_ count: Int) -> HTTPRequestPart { .body(ByteBuffer(repeating: 0, count: count)) }

    @Test("H22 a client that is silent before its body is cut after a window, not before, is told so, and that is reported")
    func silence() throws {
        let channel = try uploading()
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(9999))
        #expect(try !isCut(channel))
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(try isCut(channel))
        #expect(log.all == ["http_body_too_slow"])
        // What the reader of the body says of its end, comes behind an answer.
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .badRequest)))
        #expect(try channel.readOutbound(as: HTTPResponsePart.self) == nil)
    }

    @Test("H22 a client that was fast and is silent then is cut in time, however much it has sent")
    func silenceAfterSpeed() throws {
        let channel = try uploading()
        channel.embeddedEventLoop.advanceTime(by: .seconds(9))
        try channel.writeInbound(body(1 << 20))
        channel.read()
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(try !isCut(channel))
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(try isCut(channel))
    }

    @Test("H22 one that has its answer already gets no second one: its connection ends")
    func answered() throws {
        let channel = try uploading()
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .continue)))
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .contentTooLarge)))
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(!channel.isActive)
    }

    @Test("H22 a drip is cut, the minimum rate is not", arguments: [(1, false), (99, false), (100, true)])
    func drip(bytesPerSecond: Int, isServed: Bool) throws {
        let channel = try uploading()
        var isCut = false
        for _ in 0..<35 where !isCut {
            channel.embeddedEventLoop.advanceTime(by: .seconds(1) - .nanoseconds(1))
            isCut = try self.isCut(channel)
            guard !isCut else { break }
            try channel.writeInbound(body(bytesPerSecond))
            channel.read()
            channel.embeddedEventLoop.advanceTime(by: .nanoseconds(1))
            isCut = try self.isCut(channel)
        }
        #expect(isCut != isServed)
    }

    @Test("H22 a reader that is held up and asks for nothing is not the client's fault, however long it takes")
    func backPressure() throws {
        let channel = try uploading()
        try channel.writeInbound(body(1))
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(try !isCut(channel))
        channel.read()
        channel.embeddedEventLoop.advanceTime(by: .seconds(20))
        #expect(try isCut(channel), "from now on the client is waited for")
    }

    @Test("H22 each request of a connection has a window of its own")
    func second() throws {
        let channel = try uploading()
        channel.embeddedEventLoop.advanceTime(by: .seconds(7))
        try channel.writeInbound(HTTPRequestPart.end(nil))
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        try channel.writeInbound(HTTPRequestPart.head(HTTPRequest(method: .put, scheme: "http", authority: "a", path: "/")))
        channel.embeddedEventLoop.advanceTime(by: .seconds(10) - .nanoseconds(1))
        #expect(try !isCut(channel))
        channel.embeddedEventLoop.advanceTime(by: .nanoseconds(1))
        #expect(try isCut(channel))
    }

    @Test("H22 a whole request ends the watch")
    func whole() throws {
        let channel = try uploading()
        try channel.writeInbound(HTTPRequestPart.end(nil))
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(try !isCut(channel))
        #expect(channel.isActive && log.all.isEmpty)
    }

    @Test("H22 a client that does not read its answer is cut, one that reads slowly is not")
    func stalledReader() throws {
        let channel = try channel(StalledReaderHandler(timeout: .seconds(60), security: security))
        func setWritable(_ isWritable: Bool) {
            channel.isWritable = isWritable
            channel.pipeline.fireChannelWritabilityChanged()
        }
        for _ in 0..<5 {
            setWritable(false)
            channel.embeddedEventLoop.advanceTime(by: .seconds(59))
            setWritable(true)
            channel.embeddedEventLoop.advanceTime(by: .seconds(59))
        }
        #expect(channel.isActive && log.all.isEmpty)
        setWritable(false)
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(!channel.isActive)
        #expect(log.all == ["http_reader_stalled"])
    }
}
