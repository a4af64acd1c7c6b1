import CCurl
import Glibc
import Logging
import Platform
import Synchronization

/// One thread with one connection.
final class CurlLane: Sendable {
    /// A multi handle that other threads may only wake. Unchecked because it is a bare pointer: it is used by
    /// `curl_multi_wakeup` alone, under the lock that also guards its removal before the handle is freed.
    private struct Wakeup: @unchecked Sendable {
        let multi: UnsafeMutableRawPointer
    }

    private struct State {
        var inbox: LaneWork?
        var wakeup: Wakeup?
    }

    private let pool: LanePool
    private let state = Mutex(State())
    private let closed = Atomic(false)

    init(pool: LanePool) {
        self.pool = pool
    }

    /// The work for an idle lane; `wake` or `start` has to follow.
    func give(_ work: LaneWork) {
        state.withLock { $0.inbox = work }
    }

    func start() {
        NamedThread.start(name: "curl-" + pool.name) { [self] in
            main()
            pool.laneEnded()
        }
    }

    /// Ends the wait in `curl_multi_poll`. Does nothing before the thread has begun or after it has ended.
    func wake() {
        state.withLock { state in
            if let wakeup = state.wakeup { _ = curl_multi_wakeup(wakeup.multi) }
        }
    }

    /// Aborts the running transfer and ends the thread.
    func close() {
        closed.store(true, ordering: .releasing)
        wake()
    }

    var isClosed: Bool { closed.load(ordering: .acquiring) }

    private func main() {
        Self.blockBrokenPipeSignal()
        let session = CurlSession(lane: self)
        defer {
            state.withLock { $0.wakeup = nil }
            session.close()
        }
        state.withLock { $0.wakeup = Wakeup(multi: session.multi) }
        pool.logger.debug("lane started", metadata: .init([.pool: "\(pool.name)"]))
        while let work = awaitWork(session) {
            var current = work
            while true {
                session.begin(current.ticket)
                current.run(session)
                guard let following = pool.next(for: self, after: current.ticket) else { break }
                current = following
            }
        }
        pool.logger.debug("lane ended", metadata: .init([.pool: "\(pool.name)"]))
    }

    /// Waits for work; nil when the lane has to end.
    private func awaitWork(_ session: CurlSession) -> LaneWork? {
        let deadline = ContinuousClock.now + pool.idleLimit
        while true {
            if let work = state.withLock({ $0.inbox.take() }) { return work }
            if isClosed || pool.isClosed { return nil }
            let left = deadline - ContinuousClock.now
            if left <= .zero && pool.retire(self) { return nil }
            session.wait(atMost: max(left, .milliseconds(1)))
        }
    }

    /// A TLS library writes to a socket whose peer may have gone. The signal would end the process; blocked on this
    /// thread it stays pending here and the write fails with EPIPE.
    private static func blockBrokenPipeSignal() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
