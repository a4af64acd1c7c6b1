import Jobs
import Metrics
import Platform

/// What becomes of mails.
struct MailMetrics: Sendable {
    enum Outcome: String, CaseIterable {
        /// The server has taken responsibility for it.
        case sent
        /// There was no use in it any more.
        case dropped
        /// The server refused it for good.
        case failed
        /// To be tried again.
        case postponed
    }

    private struct Key: Hashable {
        let kind: SendMail.Kind
        let outcome: Outcome
    }

    private let counters: [Key: Counter]
    private let timers: [SendMail.Kind: Metrics.Timer]

    init(factory: any MetricsFactory) {
        var counters: [Key: Counter] = [:]
        var timers: [SendMail.Kind: Metrics.Timer] = [:]
        for kind in SendMail.Kind.allCases {
            for outcome in Outcome.allCases {
                counters[Key(kind: kind, outcome: outcome)] = Counter(
                    label: "sluice_mails_total", dimensions: [("kind", kind.rawValue), ("outcome", outcome.rawValue)], factory: factory)
            }
            timers[kind] = Metrics.Timer(label: "sluice_mail_delivery_seconds", dimensions: [("kind", kind.rawValue)], factory: factory)
        }
        self.counters = counters
        self.timers = timers
    }

    func count(_ outcome: Outcome, _ job: SendMail) {
        counters[Key(kind: job.kind, outcome: outcome)]?.increment()
        // From the making of the code or link, which is when its mail is asked for.
        if outcome == .sent { timers[job.kind]?.recordMilliseconds(max(0, UUIDv7().milliseconds - job.number.milliseconds)) }
    }
}
