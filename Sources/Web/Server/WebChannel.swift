import Files
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// A client's connection: HTTP/1.1 with our handlers.
///
/// Hummingbird's own channel is the same, except for what it reads ahead: up to ten buffers, and four at a time. With hundreds of uploads
/// that is most of the memory they take, and no faster where the disk is what they wait for.
struct WebChannel: ServerChildChannel, HTTPChannelHandler {
    /// Parts of a body that may wait for whoever reads it.
    private static let readAhead = (low: 1, high: 2)

    let responder: HTTPChannelHandler.Responder
    let limits: NIOHTTPDecoderLimitConfiguration
    let idleTimeout: Duration
    let buffers: BufferBudget
    let handlers: @Sendable () -> [any RemovableChannelHandler]

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>> {
        channel.eventLoop.makeCompletedFuture {
            let options = channel.syncOptions
            try options?.setOption(.recvAllocator, value: ReceiveBuffers(budget: buffers))
            try options?.setOption(.maxMessagesPerRead, value: 1)
            let pipeline = channel.pipeline.syncOperations
            // Requests wait for one another in PipeliningHandler, and errors are answered in MalformedRequestHandler.
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits)
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandlers(handlers())
            try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: idleTimeout, logger: logger))
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(
                    backPressureStrategy: .init(lowWatermark: Self.readAhead.low, highWatermark: Self.readAhead.high),
                    isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>, logger: Logger) async {
        await handleHTTP(asyncChannel: value, logger: logger)
    }
}
