import Jobs

extension QueueSettings {
    /// How many tenants, types and weights are named; of more only the number is told.
    private static let named = 3

    /// A few words for a column: what is paused, then limits as `sluice queue limit` calls them.
    var summary: String {
        var tenants: [String] = []
        var types: [String] = []
        for pause in pauses {
            switch pause {
            case .queue: break
            case .tenant(let tenant): tenants.append(tenant)
            case .type(let type): types.append(type)
            }
        }
        let paused = (pauses.contains(.queue) ? ["paused"] : []) + Self.list("paused tenant", tenants) + Self.list("paused type", types)
        return (paused + limitWords).joined(separator: ", ")
    }

    private var limitWords: [String] {
        let plain: [(QueueLimit, String)] = [
            (.length, "length"), (.bytes, "bytes"), (.inFlight, "in-flight"), (.inFlightPerTenant, "per-tenant"), (.rate, "rate"),
            (.burst, "burst"),
        ]
        let weights = limits.compactMap { limit, value in
            if case .weight(let tenant) = limit { "\(tenant)=\(value)" } else { nil }
        }
        return plain.compactMap { limit, word in limits[limit].map { "\(word) \($0)" } } + Self.list("weight", weights)
    }

    private static func list(_ what: String, _ names: [String]) -> [String] {
        if names.isEmpty { return [] }
        if names.count > named { return ["\(names.count) × \(what)"] }
        return names.sorted().map { "\(what) \($0.isEmpty ? "(none)" : $0)" }
    }
}
