/// What a handler says about its job. A thrown error counts as `.retry`.
public enum JobOutcome: Sendable {
    case done
    /// Spends an attempt; the last one leads to the dead set. Without `after` the type's policy decides.
    case retry(after: Duration?, reason: String)
    /// To the dead set at once.
    case giveUp(reason: String)
    /// Not now, through no fault of the job: no attempt is spent.
    case later(after: Duration, reason: String)
}
