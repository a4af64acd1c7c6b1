/// What is to be done with a request that carries an Idempotency-Key.
public enum ReplyOutcome: Sendable {
    /// Nobody has carried it out: the caller does, and stores the answer under this claim, or abandons it.
    case run(ReplyClaim)
    /// Somebody is at it, who has the right to for so long, unless they renew it.
    case running(Duration)
    /// It was carried out, and this was the answer.
    case answered(StoredReply)
    /// The key belongs to a request of another method or path.
    case other
}
