import Files
import Hummingbird
import HummingbirdCore
import NIOCore
import NIOHTTP1
import Platform

/// The HTTP/1.1 server and its limits on connections and heads. HTTP/2 and TLS end at nginx.
enum HTTPServer {
    private static let maximumHead = 32 << 10
    private static let maximumHeaders = 100
    /// Who is silent in the middle of a body is told, before the connection counts as idle.
    private static let answerTime: Duration = .seconds(1)

    static func channel(
        _ settings: Settings.Uploads, slowBodyWindow: TimeAmount, address: PublicAddress, security: SecurityLog, buffers: BufferBudget
    ) -> HTTPServerBuilder {
        .init { responder in
            let answer = RequestTask(responder: responder).answer
            return WebChannel(responder: answer, limits: limits, idleTimeout: settings.idleTimeout + answerTime, buffers: buffers) {
                [
                    PipeliningHandler(), LingeringCloseHandler(writeTimeout: TimeAmount(settings.idleTimeout)),
                    MalformedRequestHandler(security: security, address: address),
                    StalledReaderHandler(timeout: TimeAmount(settings.idleTimeout), security: security),
                    SlowBodyHandler(
                        minimumRate: Int(settings.minimumRate), window: slowBodyWindow, silence: TimeAmount(settings.idleTimeout),
                        security: security, address: address),
                ]
            }
        }
    }

    private static var limits: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = maximumHead
        limits.maxHeaderListSize = maximumHead
        limits.maxHeaderFieldCount = maximumHeaders
        return limits
    }
}
