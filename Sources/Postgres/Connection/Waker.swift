import CPostgres
import Glibc
import Synchronization

/// Interrupts a connection's `poll` from any thread (eventfd).
///
/// It lives as long as anybody who may wake it, so a late wake-up never writes to a descriptor number that has since been
/// given to something else. A wake-up nobody waits for is harmless: the poll loop drains it and asks `Cancellation`.
package final class Waker: Sendable {
    let descriptor: Int32

    init() throws(PostgresError) {
        descriptor = sluice_eventfd_make()
        guard descriptor >= 0 else { throw PostgresError(.unavailable, "no eventfd: errno \(errno)") }
    }

    deinit {
        close(descriptor)
    }

    func wake() {
        sluice_eventfd_wake(descriptor)
    }

    func drain() {
        sluice_eventfd_drain(descriptor)
    }
}

/// Whether the caller of one operation has lost interest.
package final class Cancellation: Sendable {
    private let flag = Atomic(false)

    package init() {}

    package var isCancelled: Bool { flag.load(ordering: .acquiring) }

    package func cancel() {
        flag.store(true, ordering: .releasing)
    }
}
