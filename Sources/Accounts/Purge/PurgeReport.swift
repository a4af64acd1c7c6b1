/// How much a purge has removed.
public struct PurgeReport: Sendable, Hashable {
    /// Login codes that have expired.
    public var challenges = 0
    /// Links to set a password that have expired.
    public var resets = 0
    /// Mails about registrations that have served their time.
    public var notices = 0
    /// Browsers in which nobody has signed in for half a year.
    public var devices = 0
    /// Audit events of more than 90 days ago.
    public var auditEvents = 0
    /// Sessions of disabled users.
    public var lockedSessions = 0
    /// Entries of indexes whose session is gone.
    public var sessionEntries = 0
    /// Captchas, throttles and the like that had lost their time to live.
    public var endlessKeys = 0
    /// Whether some had to be left for the next time.
    public var isPartial = false

    public init() {}

    public var total: Int {
        challenges + resets + notices + devices + auditEvents + lockedSessions + sessionEntries + endlessKeys
    }
}
