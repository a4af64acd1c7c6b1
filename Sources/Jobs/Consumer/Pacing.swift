/// Decides when a consumer talks to Redis and how many jobs it asks for: no I/O, no clock.
///
/// Talking rarely in large batches makes a queue fast, claiming no more than is about to run keeps it fair to the other
/// workers. The measure for both is how many jobs ended lately: what runs within `horizon` may be claimed ahead.
package struct Pacing: Sendable {
    package struct Situation: Sendable {
        package var running = 0
        /// Slots that consumers of other partitions have.
        package var elsewhere = 0
        package var backlog = 0
        package var acknowledgements = 0
        /// Age of the first of them.
        package var waiting: Duration = .zero
        package var mayHaveWork = false
        package var isDraining = false

        package init() {}
    }

    package enum Action: Sendable, Hashable {
        case cycle(want: Int)
        /// Until something happens, or for so long.
        case wait(Duration?)
    }

    package static let horizon: Duration = .milliseconds(4)
    package static let patience: Duration = .milliseconds(2)
    package static let fullBatch = 64
    package static let maximumClaim = RedisJobQueue.batchLimit

    private let slots: Int
    private let maximumPrefetch: Int
    package private(set) var prefetch = 0
    private var window = (ended: 0, length: Duration.zero)

    package init(slots: Int, maximumPrefetch: Int) {
        self.slots = slots
        self.maximumPrefetch = maximumPrefetch
    }

    /// Jobs in the backlog at which the next claim is due, so that it arrives before the backlog is empty.
    package var lowWater: Int { prefetch / 2 }

    /// Learns from the jobs that ended since the last call. Falls slowly, so that one slow job does not end a fast run.
    ///
    /// Looks at nothing shorter than a horizon: of slow jobs that were started together, all end within microseconds.
    package mutating func observe(ended: Int, in elapsed: Duration) {
        window.ended += ended
        window.length += elapsed
        guard window.length >= Pacing.horizon else { return }
        let expected = Int((Double(window.ended) * (Pacing.horizon / window.length)).rounded(.down))
        prefetch = min(maximumPrefetch, max(expected, prefetch * 3 / 4))
        window = (0, .zero)
    }

    package func free(_ situation: Situation) -> Int {
        max(0, slots + prefetch - situation.elsewhere - situation.running - situation.backlog)
    }

    package func next(_ situation: Situation) -> Action {
        let want = situation.isDraining ? 0 : min(Pacing.maximumClaim, free(situation))
        if situation.mayHaveWork, want > 0, situation.backlog <= lowWater { return .cycle(want: want) }
        guard situation.acknowledgements > 0 else { return .wait(nil) }
        let isIdle = situation.running == 0 && situation.backlog == 0
        if isIdle || situation.acknowledgements >= Pacing.fullBatch || situation.waiting >= Pacing.patience { return .cycle(want: want) }
        return .wait(Pacing.patience - situation.waiting)
    }
}
