import Glibc
import Synchronization

/// Where a test holds threads of a pool; open until it is closed.
final class Gate: Sendable {
    private let isOpen = Mutex(true)

    func open() {
        isOpen.withLock { $0 = true }
    }

    func close() {
        isOpen.withLock { $0 = false }
    }

    /// Waits until it is open.
    func pass() {
        while !isOpen.withLock({ $0 }) { usleep(1000) }
    }
}
