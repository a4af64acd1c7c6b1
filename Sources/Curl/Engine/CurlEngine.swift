import CCurl
public import Logging
public import ServiceLifecycle
import Synchronization

/// Owner of every libcurl thread of the process.
///
/// Clients ask it for a pool of lanes. A lane is one named thread with a multi handle and an easy handle of its own; it
/// runs one transfer at a time and keeps its connection for the next. One thread for all transfers would be fewer
/// threads, but libcurl (7.88, `ftp_done`, `smtp_done`) waits for the answer to a finished upload and for the answers
/// to POSTQUOTE commands in a blocking call: one silent server would stop every other transfer, mails included.
///
/// Transfers may run before `run()` is called; after it has returned every transfer is refused.
public final class CurlEngine: Service {
    private struct State {
        var pools: [LanePool] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let idleLimit: Duration
    private let logger: Logger

    /// libcurl's global state, made once per process; concurrent first uses are safe.
    private static let globalResult: CURLcode = ccurl_global_init()

    /// - Parameters:
    ///   - idleLimit: how long a lane lives without work.
    ///   - logger: gets the start and the end of lanes, at debug level.
    public init(idleLimit: Duration = .seconds(60), logger: Logger) {
        precondition(Self.globalResult == CURLE_OK, "libcurl cannot be initialised")
        self.idleLimit = idleLimit
        self.logger = logger
    }

    /// Waits for graceful shutdown or cancellation; then aborts what is running, refuses what is waiting, closes all
    /// connections and returns when the last thread has ended (about a second at most).
    public func run() async throws {
        try? await gracefulShutdown()
        await close()
    }

    /// A pool of at most `maximumLanes` connections to one target with one policy: never shared between targets, so that
    /// a connection cannot be reused under other TLS settings (row 69).
    func makePool(name: String, maximumLanes: Int) -> LanePool {
        let pool = LanePool(name: name, maximumLanes: maximumLanes, idleLimit: idleLimit, logger: logger)
        let isClosed = state.withLock { state in
            state.pools.append(pool)
            return state.isClosed
        }
        if isClosed { pool.refuseAll() }
        return pool
    }

    package func close() async {
        let pools = state.withLock { state in
            state.isClosed = true
            return state.pools
        }
        for pool in pools { pool.refuseAll() }
        for pool in pools { await pool.ended() }
    }
}
