import Synchronization

/// How long batches take: what tells whether more work should be taken on.
package final class IntakePace: Sendable {
    private struct State {
        /// Of the last batches, the newest counting most.
        var usual: Duration = .zero
        var running: [Int: ContinuousClock.Instant] = [:]
        var count = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func measure<T>(_ batch: () async -> T) async -> T {
        let start = ContinuousClock.now
        let number = state.withLock { state in
            state.count += 1
            state.running[state.count] = start
            return state.count
        }
        let result = await batch()
        state.withLock { state in
            state.running[number] = nil
            state.usual = (state.usual * 7 + (ContinuousClock.now - start) * 3) / 10
        }
        return result
    }

    /// How long it takes until so many batches are done. Nothing when none is under way: whatever was slow is over, or shall show itself.
    package func wait(for batches: Int) -> Duration {
        state.withLock { state in
            guard let oldest = state.running.values.min() else { return .zero }
            return max(state.usual, ContinuousClock.now - oldest) * batches
        }
    }
}
