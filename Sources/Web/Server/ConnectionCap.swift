import HummingbirdCore
import Logging
import Metrics
import Platform

/// How many connections are open, and whether one more is accepted (SLUICE_CONNECTIONS).
///
/// Beyond the cap nothing is refused: a client's connection waits in the kernel's queue, as long as its patience and the
/// length of that queue allow, and idle ones end by the idle timeout, which makes room.
package struct ConnectionCap: AvailableConnectionsDelegate {
    /// Descriptors for all that is no connection: databases, listeners, the log.
    private static let reserve = 256

    private let limit: Int
    private let security: SecurityLog
    private let gauge = Gauge(label: "sluice_http_connections")
    private var open = 0

    init(limit: Int, security: SecurityLog) {
        self.limit = limit
        self.security = security
    }

    package mutating func connectionOpened() {
        open += 1
        gauge.record(open)
    }

    package mutating func connectionClosed() {
        open -= 1
        gauge.record(open)
    }

    package func isAcceptingNewConnections() -> Bool {
        guard open >= limit else { return true }
        security.record(.connectionsExhausted)
        return false
    }

    /// How many connections `descriptors` suffice for, but no more than are wanted.
    ///
    /// A connection on which a file is sent needs a second one, one on which a file is received may have a third, to go past the page cache.
    /// These are few at a time, most connections are idle: a quarter of all descriptors is left for files. If ever more are needed, an upload
    /// does without the third, or is refused with 507.
    package static func connections(wanted: Int, descriptors: Int) -> Int {
        min(wanted, max(1, descriptors - descriptors / 4 - reserve))
    }
}
