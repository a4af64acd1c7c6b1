/// What workers and queues tell each other.

/// What one cycle brought.
package struct CycleReply: Sendable {
    /// Server time, ms.
    package let now: Int64
    package let epoch: Int64
    /// Until the next delayed job is due. Only known when fewer jobs than asked for were there.
    package let untilDue: Duration?
    /// Positions among the acknowledgements whose lease was no longer held.
    package let lost: [Int]
    package let entries: [[UInt8]]
}

/// A job that was done: its lease member and what else has to go.
package struct Acknowledgement: Sendable {
    package let member: [UInt8]
    package let id: String
    package let isApart: Bool
    package let uniqueKey: String
    package let size: Int

    package init(member: [UInt8], entry: JobEntry) {
        self.member = member
        id = entry.id
        isApart = entry.isApart
        uniqueKey = entry.uniqueKey
        size = entry.tailSize
    }
}

/// A job that was not done.
package struct Failure: Sendable {
    package enum Verb: String, Sendable { case retry, later, dead, park }

    package let member: [UInt8]
    package let verb: Verb
    package let delay: Duration
    /// For people; with `.park`, the kind.
    package let reason: String

    package init(member: [UInt8], verb: Verb, delay: Duration, reason: String) {
        self.member = member
        self.verb = verb
        self.delay = delay
        self.reason = reason
    }

    /// Reasons are for people; what is longer is cut.
    static let maximumReason = 500
}

package struct ReapReply: Sendable {
    package let returned: Int
    /// Of those and of the poisoned: how many were running, as far as one knows.
    package let crashed: Int
    package let poisoned: Int
    package let untilNext: Duration?
    /// Ready jobs, suspects, or delayed jobs that are due.
    package let hasWork: Bool
    /// Kinds of parked jobs: `type` where it was paused, `type#schema version` where no worker knew it.
    package let parked: [String]
}

package struct BeatReply: Sendable {
    /// Positions of the leases that are lost.
    package let lost: [Int]
    /// Positions of those whose job was cancelled.
    package let cancelled: [Int]
}
