import Files

/// Whether more work can be taken on. What was accepted is carried on in any case.
struct Pressure: Sendable {
    /// A file that would wait longer for its acceptance had better come later.
    private static let longestWait: Duration = .seconds(3)
    /// A queue that keeps so many announcements waiting for so long does not keep up.
    private static let longestDelay: Duration = .seconds(3)

    let intake: FileIntake
    /// Whether the queue has had no room for jobs just now.
    let isQueueFull: @Sendable () -> Bool
    /// Whether Postgres cannot be reached.
    let isDatabaseAway: @Sendable () -> Bool

    var refusal: APIError? {
        if isQueueFull() { return .queueFull }
        if isDatabaseAway() { return .unavailable }
        return intake.expectedWait > Self.longestWait || intake.announcementDelay > Self.longestDelay ? .busy : nil
    }
}
