package import Logging
import Synchronization

/// Tells the operator of proxies that nobody counted: to Web all clients behind them are one network, which shares every limit.
package final class ProxyNotice: Sendable {
    private let logger: Logger
    private let isTold = Mutex(false)

    package init(logger: Logger) {
        self.logger = logger
    }

    /// For a process that browsers elsewhere reach, as a rule through a proxy, since TLS ends there.
    static func warnAtStart(_ logger: Logger) {
        logger.warning(
            """
            SLUICE_TRUSTED_PROXIES is 0 and SLUICE_PUBLIC_ADDRESS is not on loopback: if browsers come through proxies, set it to their \
            number, or all clients share the limits of one network
            """)
    }

    /// Said once in the life of a process.
    func noteForwarding() {
        let isFirst = isTold.withLock { isTold in
            defer { isTold = true }
            return !isTold
        }
        guard isFirst else { return }
        logger.warning(
            """
            requests carry X-Forwarded-For, which is not looked at because SLUICE_TRUSTED_PROXIES is 0: if a proxy of yours adds it, set \
            it to the number of your proxies
            """)
    }
}
