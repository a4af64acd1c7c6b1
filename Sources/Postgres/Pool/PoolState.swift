import DequeModule

/// Who gets which connection: events in, decisions out, no I/O.
///
/// Connections are in use, idle, or being opened; together never more than `capacity`. Waiters are served first come, first
/// served. After a failed attempt to open one no other is made until a delay has passed; without any live connection
/// callers fail at once during that time.
package struct PoolState<Connection, Waiter> {
    package enum Decision {
        case use(Connection)
        /// Open a connection, then report `opened` or `openFailed`.
        case open
        case wait
        case fail(PostgresError)
    }

    private let capacity: Int
    private var idle: [Connection] = []
    private var inUse = 0
    private var opening = 0
    private var waiters: Deque<(id: UInt64, waiter: Waiter)> = []
    private var lastWaiter: UInt64 = 0
    /// Set from a failed attempt to the next successful one.
    private var outage: (error: PostgresError, retryAt: ContinuousClock.Instant)?
    private(set) package var isClosed = false

    package init(capacity: Int) {
        self.capacity = capacity
    }

    /// Connections that exist or are being opened.
    package var total: Int { idle.count + inUse + opening }
    package var waiting: Int { waiters.count }
    package var isFailing: Bool { outage != nil }
    /// Whether there is no connection and the last attempt to open one failed.
    package var isAway: Bool { isFailing && live == 0 }

    private var live: Int { idle.count + inUse }

    private func mayOpen(at now: ContinuousClock.Instant) -> Bool {
        guard total < capacity else { return false }
        guard let outage else { return true }
        // One at a time finds out whether the server is back.
        return opening == 0 && now >= outage.retryAt
    }

    package mutating func acquire(at now: ContinuousClock.Instant) -> Decision {
        if isClosed { return .fail(PostgresError(.closed, "the pool is closed")) }
        if let connection = idle.popLast() {
            inUse += 1
            return .use(connection)
        }
        if mayOpen(at: now) {
            opening += 1
            return .open
        }
        if let outage, live == 0 { return .fail(outage.error) }
        return .wait
    }

    /// Puts a waiter in the queue, after `acquire` said `.wait` under the same lock.
    package mutating func enqueue(_ waiter: Waiter) -> UInt64 {
        lastWaiter += 1
        waiters.append((lastWaiter, waiter))
        return lastWaiter
    }

    /// Takes back a waiter whose time is up or who was cancelled; nil when it has been served.
    package mutating func withdraw(_ id: UInt64) -> Waiter? {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return nil }
        return waiters.remove(at: index).waiter
    }

    /// The attempt to open a connection succeeded; its maker uses it.
    package mutating func opened() {
        opening -= 1
        inUse += 1
        outage = nil
    }

    /// The attempt failed. `retryAt` nil: through no fault of the server (its maker was cancelled).
    ///
    /// - Returns: what the waiters named have to be told.
    package mutating func openFailed(
        _ error: PostgresError, retryAt: ContinuousClock.Instant?, at now: ContinuousClock.Instant
    ) -> [(Waiter, Decision)] {
        opening -= 1
        if let retryAt { outage = (error, retryAt) }
        return replace(at: now)
    }

    /// A connection comes back in order.
    ///
    /// - Returns: the waiter who gets it, or the connection itself when it has to be closed.
    package mutating func release(_ connection: Connection) -> (waiter: Waiter?, close: Bool) {
        if isClosed {
            inUse -= 1
            return (nil, true)
        }
        if let next = waiters.popFirst() { return (next.waiter, false) }
        inUse -= 1
        idle.append(connection)
        return (nil, false)
    }

    /// A connection in use turned out broken and is gone.
    package mutating func discarded(at now: ContinuousClock.Instant) -> [(Waiter, Decision)] {
        inUse -= 1
        return replace(at: now)
    }

    /// No more connections from now on.
    ///
    /// - Returns: the idle connections, to be closed, and the waiters, to be refused.
    package mutating func close() -> (idle: [Connection], waiters: [Waiter]) {
        isClosed = true
        defer {
            idle = []
            waiters = []
        }
        return (idle, waiters.map(\.waiter))
    }

    /// Lets the first waiter open a connection in place of one that is gone, or fails all when there is no hope left.
    private mutating func replace(at now: ContinuousClock.Instant) -> [(Waiter, Decision)] {
        guard !waiters.isEmpty else { return [] }
        if mayOpen(at: now), let next = waiters.popFirst() {
            opening += 1
            return [(next.waiter, .open)]
        }
        guard let outage, total == 0 else { return [] }
        defer { waiters = [] }
        return waiters.map { ($0.waiter, .fail(outage.error)) }
    }
}
