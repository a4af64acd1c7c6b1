import DequeModule

/// A job that was done and whose acknowledgement Redis has not confirmed.
struct DoneJob: Sendable {
    let job: LeasedJob
    let acknowledgement: Acknowledgement
    /// Sent before without an answer: if its lease turns out to be gone, that was probably our own doing.
    var isRepeated = false
}

/// A job that was not done and whose fate Redis has not confirmed.
struct FailedJob: Sendable {
    let job: LeasedJob
    let failure: Failure
}

/// What the tasks of one consumer share.
struct ConsumerState: Sendable {
    enum Listening: Sendable {
        case off
        /// The listener shall block for so long.
        case requested(Duration)
        case blocked
    }

    /// Claimed, not started.
    var backlog: Deque<LeasedJob> = []
    /// Claimed, and not to be started: their leases ran out, or they were cancelled.
    var unstartable: [LeasedJob] = []
    /// Whether the last claim got no answer.
    var isFailing = false
    /// Runners that exist; each runs one job at a time.
    var running = 0
    /// Of those, how many have not come to run yet.
    var starting = 0
    var done: [DoneJob] = []
    var firstDone: ContinuousClock.Instant?
    var failed: [FailedJob] = []
    var batches: [LeaseBatch] = []
    /// One per runner.
    var targets: [ObjectIdentifier: RunnerTarget] = [:]
    /// Ended since pacing last looked.
    var ended = 0
    var lowWater = 0
    /// Whether a claim may bring something: since a token, a due time or an error, until a claim came back short.
    var mayHaveWork = true
    var lastEpoch: Int64 { batches.last?.epoch ?? 0 }
    /// A token was taken from the wake list and nothing was claimed since.
    var holdsToken = false
    var untilDue: Duration?
    var listening = Listening.off
    var isDraining = false
    var isOverdue = false

    var isFinished: Bool { isDraining && backlog.isEmpty && running == 0 && done.isEmpty && failed.isEmpty }
}
