import Hummingbird
import HummingbirdCore
import NIOCore
import Platform

/// The HTTP/1.1 server and its limits on connections and heads. HTTP/2 and TLS end at nginx.
enum HTTPServer {
    private static let maximumHead = 32 << 10
    private static let maximumHeaders = 100

    static func channel(_ settings: Settings.Uploads, slowBodyWindow: TimeAmount, address: PublicAddress, security: SecurityLog)
        -> HTTPServerBuilder
    {
        .http1(
            configuration: .init(
                additionalChannelHandlers: [
                    PipeliningHandler(), LingeringCloseHandler(writeTimeout: TimeAmount(settings.idleTimeout)),
                    MalformedRequestHandler(security: security, address: address),
                    StalledReaderHandler(timeout: TimeAmount(settings.idleTimeout), security: security),
                    SlowBodyHandler(minimumRate: Int(settings.minimumRate), window: slowBodyWindow, security: security),
                ],
                idleTimeout: TimeAmount(settings.idleTimeout),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: maximumHead, maxHeaderListSize: maximumHead, maxHeaderFieldCount: maximumHeaders)))
    }
}
