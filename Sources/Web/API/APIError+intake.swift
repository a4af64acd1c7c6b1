import Files

/// Refusals of what machines send all day.
extension APIError {
    /// Not 507, whose meaning here is that the same request may succeed later by itself.
    static func quotaExceeded(_ note: QuotaNote) -> Self {
        let underWay = note.reserved > 0 ? ", and \(note.reserved) are on their way" : ""
        var error = Self(
            413, "quota-exceeded", "Your quota has no room for this",
            detail: "At most \(note.maximum) \(note.kind.rawValue) may be kept, \(note.used) are\(underWay). "
                + "Delete files, then send this again.")
        error.problem.members = [
            .init("limit", .text(note.kind.rawValue)), .init("maximum", .number(note.maximum)), .init("used", .number(note.used)),
            .init("reserved", .number(note.reserved)),
        ]
        return error
    }

    /// Before the body: nothing of the request was taken.
    static let busy = Self(
        503, "busy", "Too many uploads are under way", detail: "What was accepted is being carried on. Send the same request again.",
        retryAfter: 2)

    static let superseded = Self(
        409, "superseded", "Another request has taken this one over", detail: "Ask what became of it before you go on.")
}
