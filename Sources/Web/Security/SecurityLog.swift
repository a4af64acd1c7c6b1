import HTTPTypes
package import Logging
package import Metrics
package import NIOCore
package import Platform
import ServiceLifecycle
import Synchronization

/// Reports security events: each is counted (`sluice_security_events_total`), and written to the log as far as
/// `SecurityEventWindow` lets it through.
///
/// A line has the key `event` and, where they are known, the user, the address of the peer and the request id that the front
/// door has given; under the latter the front door's log has the client's own address. Never a token, a name or a path.
package final class SecurityLog: Sendable, Service {
    /// Where an event came from.
    package struct Origin: Sendable {
        var user: UserID?
        var peer: SocketAddress?
        var request: String?
        var code: String?

        package init(user: UserID? = nil, peer: SocketAddress? = nil, request: String? = nil, code: String? = nil) {
            self.user = user
            self.peer = peer
            self.request = request
            self.code = code
        }
    }

    private static let window: Duration = .seconds(10)
    private static let linesInWindow = 10

    private let logger: Logger
    private let counters: [SecurityEvent: Counter]
    private let state = Mutex(SecurityEventWindow(length: window, limit: linesInWindow))

    package init(logger: Logger, metrics: any MetricsFactory = MetricsSystem.factory) {
        self.logger = logger
        counters = Dictionary(
            uniqueKeysWithValues: SecurityEvent.allCases.map { event in
                (event, Counter(label: "sluice_security_events", dimensions: [("event", event.rawValue)], factory: metrics))
            })
    }

    package func record(_ event: SecurityEvent, from origin: Origin = Origin(), at now: ContinuousClock.Instant = .now) {
        counters[event]?.increment()
        let (isWritten, held) = state.withLock { $0.admit(event, at: now) }
        if held > 0 { writeHeld(event, held) }
        guard isWritten else { return }
        var pairs: [LogKey: Logger.MetadataValue] = [.event: "\(event.rawValue)"]
        if let user = origin.user { pairs[.user] = "\(user)" }
        if let address = origin.peer?.ipAddress { pairs[.peer] = "\(address)" }
        if let request = origin.request { pairs[.request] = "\(request)" }
        if let code = origin.code { pairs[.code] = "\(code)" }
        logger.warning("security event", metadata: .init(pairs))
    }

    /// Writes, window after window, how many events were held back; the last time at the end.
    package func run() async {
        await cancelWhenGracefulShutdown { [self] in
            while (try? await Task.sleep(for: Self.window)) != nil { flush(at: .now) }
        }
        flush(at: .now, isEnd: true)
    }

    package func flush(at now: ContinuousClock.Instant, isEnd: Bool = false) {
        for (event, held) in state.withLock({ $0.flush(at: now, isEnd: isEnd) }) { writeHeld(event, held) }
    }

    private func writeHeld(_ event: SecurityEvent, _ count: Int) {
        logger.warning("security events held back", metadata: .init([.event: "\(event.rawValue)", .count: "\(count)"]))
    }
}

extension SecurityLog.Origin {
    /// - Parameter headers: of the request. Its id is taken only in the form that the front door gives it, so that a client
    ///   that comes by another way cannot write into the log.
    init(headers: HTTPFields, channel: any Channel, user: UserID? = nil, code: String? = nil) {
        self.init(user: user, peer: channel.remoteAddress, request: headers.plainRequestID, code: code)
    }
}

extension HTTPFields {
    /// The id that the front door has given to the request; nil for anything of another form.
    var plainRequestID: String? {
        guard let id = self[.requestID], (1...64).contains(id.utf8.count),
            id.utf8.allSatisfy({ $0.isDigit || $0.isLetter || $0 == .hyphen })
        else { return nil }
        return id
    }
}

extension HTTPField.Name {
    static let requestID = Self("X-Request-ID")!
}
