import HTTPTypes

/// Refusals of requests that carry an Idempotency-Key.
extension APIError {
    /// - Parameter left: after so long it has been answered, or nobody runs it any more.
    static func keyInFlight(_ left: Duration) -> Self {
        Self(
            409, "key-in-flight", "The same request is being carried out", detail: "Send it again later: then you get its answer.",
            retryAfter: left.wholeSeconds)
    }

    static let keyReused = Self(
        422, "key-reused", "The Idempotency-Key belongs to another request",
        detail: "A key goes with one method, path and body. Take a new one for each request.")

    static func answerTooLong(limit: Int) -> Self {
        Self(
            413, "answer-too-long", "The answer would be too long to be kept",
            detail: "At most \(limit) bytes of it are, so that it can be given again. Nothing was taken: send fewer files in one request.")
    }

    /// Of the kind `unavailable`, because a program shall do the same: repeat it.
    static let unknownOutcomeOfKey = Self(
        503, "unavailable", "The connection to the database was lost at the last step",
        detail: "The files may have been accepted. Send the same request again with the same Idempotency-Key: they are taken once.",
        retryAfter: 2)
}
