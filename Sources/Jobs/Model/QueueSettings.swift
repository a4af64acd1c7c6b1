/// What operators have set on a queue.
public struct QueueSettings: Sendable, Hashable {
    /// What is paused.
    public let pauses: Set<PauseScope>
    /// Limits and weights that are set.
    public let limits: [QueueLimit: Int]

    public init(pauses: Set<PauseScope> = [], limits: [QueueLimit: Int] = [:]) {
        self.pauses = pauses
        self.limits = limits
    }

    /// - Parameter fields: of the queue's control hash; those that are no settings are passed over.
    init(fields: [(name: String, value: String)]) {
        pauses = Set(fields.compactMap { PauseScope(field: $0.name) })
        limits = Dictionary(
            fields.compactMap { field in QueueLimit(field: field.name).flatMap { limit in Int(field.value).map { (limit, $0) } } },
            uniquingKeysWith: { first, _ in first })
    }
}

extension PauseScope {
    fileprivate init?(field: String) {
        if field == "paused" {
            self = .queue
        } else if field.hasPrefix("t:") {
            self = .tenant(String(field.dropFirst(2)))
        } else if field.hasPrefix("y:") {
            self = .type(String(field.dropFirst(2)))
        } else {
            return nil
        }
    }
}

extension QueueLimit {
    fileprivate init?(field: String) {
        let plain: [QueueLimit] = [.length, .bytes, .inFlight, .inFlightPerTenant, .rate, .burst]
        if field.hasPrefix("w:") {
            self = .weight(tenant: String(field.dropFirst(2)))
        } else if let limit = plain.first(where: { $0.field == field }) {
            self = limit
        } else {
            return nil
        }
    }
}
