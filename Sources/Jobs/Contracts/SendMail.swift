public import Platform

/// Send the mail of a login code, of a link to set a password, or about a registration with somebody's address.
///
/// It names the challenge, the reset or the notice and nothing else: address, code and link are asked for when the mail is written, so
/// they are in no queue. What has served its time by then is not sent.
public struct SendMail: JobContract, Hashable {
    /// What there is a mail for.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case loginCode = "code"
        case resetLink = "reset"
        /// To whom the address belongs.
        case registration
    }

    public let kind: Kind
    /// Of the challenge, the reset or the notice.
    public let number: UUIDv7

    public init(_ kind: Kind, number: UUIDv7) {
        self.kind = kind
        self.number = number
    }

    public static var type: String { "send-mail" }
    public static var schemaVersion: Int { 1 }
    /// Its own, so that no number of files holds up a code.
    public static var queue: String { "mail" }

    /// More tries than fit into the half hour of a link: what ends a job that is refused for now again and again is that its mail has
    /// served its time. A server that is away spends none of them (`JobOutcome.later`).
    public static var policy: RetryPolicy {
        RetryPolicy(maximumAttempts: 120, backoff: Backoff(base: .seconds(2), cap: .seconds(30)))
    }

    /// Of one run: a mail server that swallows commands must not keep a slot.
    public static var timeout: Duration? { .seconds(60) }

    /// How long a worker that is not heard of keeps a mail. Short, since somebody waits for it.
    public static var leaseDuration: Duration { .seconds(5) }

    /// Names the mail: asked for twice it is sent once, and copies that a killed worker left behind can be told by their Message-ID.
    public var id: String { "\(kind.rawValue)-\(number)" }
}

extension SendMail.Kind {
    /// A code lives for minutes, so it goes before links.
    var priority: Int { self == .loginCode ? 9 : 5 }

    /// How long the mail is of use, as `Accounts` has it.
    public var usefulLife: Duration { self == .loginCode ? .seconds(5 * 60) : .seconds(30 * 60) }
}
