/// Files that are accepted at the same time, and when it is time to tell of them.
package struct Burst {
    private let patience: Duration
    private let pause: Duration
    /// Groups of files that are being accepted.
    private var pending = 0
    /// Whether there were ever two of them at a time.
    private var isCrowd = false
    private var held: [FileRecord] = []
    /// Since when the first of `held` is held.
    private var since = ContinuousClock.now
    /// Since when nothing has been pending, if nothing is.
    private var quietSince = ContinuousClock.now

    /// - Parameters:
    ///   - patience: the longest that a file is held while others are accepted.
    ///   - pause: the time without any that ends the burst.
    package init(patience: Duration, pause: Duration) {
        self.patience = patience
        self.pause = pause
    }

    package var isHolding: Bool { !held.isEmpty }

    package mutating func expect() {
        if pending == 0 && held.isEmpty { isCrowd = false }
        pending += 1
        if pending > 1 { isCrowd = true }
    }

    package mutating func settle(_ groups: Int, accepted: [FileRecord], at now: ContinuousClock.Instant) {
        pending -= groups
        if held.isEmpty { since = now }
        held += accepted
        if pending == 0 { quietSince = now }
    }

    /// The held files, if the burst is over or they have been held long enough; else nothing.
    package mutating func takeDue(at now: ContinuousClock.Instant) -> [FileRecord] {
        let isOver = pending == 0 && (!isCrowd || now - quietSince >= pause)
        return isOver || now - since >= patience ? takeHeld() : []
    }

    package mutating func takeHeld() -> [FileRecord] {
        defer { held = [] }
        return held
    }
}
