import HTTPTypes
package import NIOCore
package import NIOHTTPTypes

/// Cuts a client that sends its body slower than a minimum rate (H22).
///
/// Only time that the server spends *waiting for the client* counts: while a reader downstream is busy and asks for
/// nothing, the clock stands. The rate is judged over windows of waiting time long enough for a phone that loses its
/// network for some seconds. Heads that arrive slowly are the idle timeout's matter.
package final class SlowBodyHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    private let minimumRate: Int
    private let window: TimeAmount
    private let security: SecurityLog
    private var meter: SlowBodyMeter?
    private var check: Scheduled<Void>?

    /// - Parameters:
    ///   - minimumRate: bytes per second of waiting time.
    ///   - window: waiting time over which the rate is judged.
    package init(minimumRate: Int, window: TimeAmount, security: SecurityLog) {
        self.minimumRate = minimumRate
        self.window = window
        self.security = security
    }

    package func read(context: ChannelHandlerContext) {
        meter?.beginWaiting(at: context.eventLoop.now)
        context.read()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            meter = SlowBodyMeter(window: window, minimumRate: minimumRate, now: context.eventLoop.now)
            schedule(context)
        case .body(let bytes):
            meter?.received(bytes.readableBytes, at: context.eventLoop.now)
        case .end:
            // The timer stays, for the next request: to cancel and make one for each costs more than to let it find nothing.
            meter = nil
        }
        context.fireChannelRead(data)
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        stop()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    private func schedule(_ context: ChannelHandlerContext) {
        guard check == nil, let meter else { return }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        check = context.eventLoop.scheduleTask(in: meter.timeLeft(at: context.eventLoop.now)) {
            let (handler, context) = bound.value
            handler.check = nil
            handler.judge(context)
        }
    }

    private func judge(_ context: ChannelHandlerContext) {
        guard meter != nil else { return }
        if meter?.isTooSlow(at: context.eventLoop.now) == true {
            stop()
            security.record(.slowBody, from: .init(peer: context.channel.remoteAddress))
            context.close(promise: nil)
        } else {
            schedule(context)
        }
    }

    private func stop() {
        meter = nil
        check?.cancel()
        check = nil
    }
}

/// How fast one body comes in, counted over waiting time. A value, so that its rules are tested without a channel.
package struct SlowBodyMeter {
    private let window: TimeAmount
    private let minimumRate: Int
    private var waitingSince: NIODeadline?
    private var waited: TimeAmount = .zero
    private var bytes = 0

    package init(window: TimeAmount, minimumRate: Int, now: NIODeadline) {
        self.window = window
        self.minimumRate = minimumRate
        waitingSince = now
    }

    package mutating func beginWaiting(at now: NIODeadline) {
        if waitingSince == nil { waitingSince = now }
    }

    package mutating func received(_ count: Int, at now: NIODeadline) {
        bytes += count
        if let since = waitingSince { waited = waited + (now - since) }
        waitingSince = nil
    }

    /// How long until a full window of waiting can have passed.
    package func timeLeft(at now: NIODeadline) -> TimeAmount {
        max(.milliseconds(1), window - (waitingSince.map { waited + (now - $0) } ?? waited))
    }

    /// Whether a full window of waiting brought too little. A full window that was fast enough starts a new one.
    package mutating func isTooSlow(at now: NIODeadline) -> Bool {
        let total = waitingSince.map { waited + (now - $0) } ?? waited
        guard total >= window else { return false }
        let expected = Double(minimumRate) * Double(total.nanoseconds) / 1e9
        if Double(bytes) < expected { return true }
        waited = .zero
        bytes = 0
        if waitingSince != nil { waitingSince = now }
        return false
    }
}
