import HTTPTypes
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes
package import Platform

/// Cuts a client that sends its body slower than a minimum rate, or stops in the middle of it (H22).
///
/// Only time that the server spends *waiting for the client* counts: while a reader downstream is busy and asks for
/// nothing, the clock stands. The rate is judged over windows of waiting time long enough for a phone that loses its
/// network for some seconds. Heads that arrive slowly are the idle timeout's matter.
///
/// The client is told (408), or whoever stands between would take the end of the connection for a fault of ours. For the reader
/// of the body it is the end of the connection; what it answers to that goes nowhere.
package final class SlowBodyHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    private let minimumRate: Int
    private let window: TimeAmount
    private let silence: TimeAmount
    private let security: SecurityLog
    private let address: PublicAddress
    private var meter: SlowBodyMeter?
    private var check: Scheduled<Void>?
    /// An answer has begun before the end of the request.
    private var isAnswered = false
    private var isCut = false

    /// - Parameters:
    ///   - minimumRate: bytes per second of waiting time.
    ///   - window: waiting time over which the rate is judged.
    ///   - silence: waiting time without a byte.
    package init(minimumRate: Int, window: TimeAmount, silence: TimeAmount, security: SecurityLog, address: PublicAddress) {
        self.minimumRate = minimumRate
        self.window = window
        self.silence = silence
        self.security = security
        self.address = address
    }

    package func read(context: ChannelHandlerContext) {
        meter?.beginWaiting(at: context.eventLoop.now)
        context.read()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            isAnswered = false
            meter = SlowBodyMeter(window: window, minimumRate: minimumRate, silence: silence, now: context.eventLoop.now)
            schedule(context)
        case .body(let bytes):
            meter?.received(bytes.readableBytes, at: context.eventLoop.now)
        case .end:
            // The timer stays, for the next request: to cancel and make one for each costs more than to let it find nothing.
            meter = nil
        }
        context.fireChannelRead(data)
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isCut else {
            // Who writes it would close the connection at once, and the client would not read the answer that is on its way.
            promise?.succeed()
            return
        }
        if case .head(let head) = unwrapOutboundIn(data), head.status.kind != .informational { isAnswered = true }
        context.write(data, promise: promise)
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
            cut(context)
        } else {
            schedule(context)
        }
    }

    private func cut(_ context: ChannelHandlerContext) {
        guard !isAnswered else { return context.close(promise: nil) }
        isCut = true
        let (head, body) = APIError.slowBody.wireParts(at: address)
        // LingeringCloseHandler ends the connection behind it.
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireErrorCaught(HTTPParserError.invalidEOFState)
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
    private let silence: TimeAmount
    private var waitingSince: NIODeadline?
    private var waited: TimeAmount = .zero
    private var bytes = 0
    /// As `waitingSince`, but over the ends of windows.
    private var silentSince: NIODeadline?

    package init(window: TimeAmount, minimumRate: Int, silence: TimeAmount, now: NIODeadline) {
        self.window = window
        self.minimumRate = minimumRate
        self.silence = silence
        waitingSince = now
        silentSince = now
    }

    package mutating func beginWaiting(at now: NIODeadline) {
        if waitingSince == nil { waitingSince = now }
        if silentSince == nil { silentSince = now }
    }

    package mutating func received(_ count: Int, at now: NIODeadline) {
        bytes += count
        if let since = waitingSince { waited = waited + (now - since) }
        waitingSince = nil
        silentSince = nil
    }

    /// How long until a full window of waiting, or of silence, can have passed.
    package func timeLeft(at now: NIODeadline) -> TimeAmount {
        let ofWindow = window - (waitingSince.map { waited + (now - $0) } ?? waited)
        let ofSilence = silence - (silentSince.map { now - $0 } ?? .zero)
        return max(.milliseconds(1), min(ofWindow, ofSilence))
    }

    /// Whether a full window of waiting brought too little, or nothing came for too long. A full window that was fast enough starts a new one.
    package mutating func isTooSlow(at now: NIODeadline) -> Bool {
        if let silentSince, now - silentSince >= silence { return true }
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

extension APIError {
    /// Of a `PATCH` what came before is kept, as when the connection is lost.
    static let slowBody = Self(
        408, "slow-body", "The body came too slowly, or not at all",
        detail: "Send the request again over a better line; of an upload that can be gone on with, send the rest.")
}
