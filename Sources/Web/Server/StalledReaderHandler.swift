package import NIOCore

/// Cuts a client that does not read its answer (H22).
///
/// When a client stops reading, writing stops once the buffers are full, and the answer would hold its file and its
/// connection for ever. Writing must become possible again within a time; so a client that reads slowly, but reads, goes on
/// as long as it takes half a buffer (32 KiB) in that time.
package final class StalledReaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = NIOAny

    private let timeout: TimeAmount
    private let security: SecurityLog
    private var check: Scheduled<Void>?

    package init(timeout: TimeAmount, security: SecurityLog) {
        self.timeout = timeout
        self.security = security
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        stop()
        if !context.channel.isWritable {
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            check = context.eventLoop.scheduleTask(in: timeout) { [security] in
                security.record(.stalledReader, from: .init(peer: bound.value.channel.remoteAddress))
                bound.value.close(promise: nil)
            }
        }
        context.fireChannelWritabilityChanged()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        stop()
    }

    private func stop() {
        check?.cancel()
        check = nil
    }
}
