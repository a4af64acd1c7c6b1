import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Platform
import Testing
import Web

@Suite("Malformed requests")
struct MalformedRequestTests {
    @Test("a connection that is cut in the middle of a body is no malformed request; bytes that are no HTTP are")
    func cut() throws {
        let lines = Recorder<String>()
        let security = SecurityLog(logger: Logger(label: "test") { _ in RecordingLogHandler(lines) }, metrics: PrometheusRegistry())
        for (error, expected) in [(HTTPParserError.invalidEOFState, []), (HTTPParserError.invalidMethod, ["malformed_http"])] {
            let address = try #require(PublicAddress("https://sluice.test"))
            let channel = EmbeddedChannel(handler: MalformedRequestHandler(security: security, address: address))
            channel.pipeline.fireErrorCaught(error)
            #expect(throws: HTTPParserError.self, "the error goes on to whoever closes the connection") { try channel.throwIfErrorCaught() }
            _ = try? channel.finish()
            #expect(lines.all == expected)
        }
    }
}
