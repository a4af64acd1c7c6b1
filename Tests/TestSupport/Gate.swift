import Glibc
import Synchronization

/// Where a test holds threads of a pool; open until it is closed.
public final class Gate: Sendable {
    private let isOpen = Mutex(true)

    public init() {}

    public func open() {
        isOpen.withLock { $0 = true }
    }

    public func close() {
        isOpen.withLock { $0 = false }
    }

    /// Waits until it is open.
    public func pass() {
        while !isOpen.withLock({ $0 }) { usleep(1000) }
    }
}
