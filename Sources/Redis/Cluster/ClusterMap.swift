/// Which node of a cluster serves which slot.
package struct ClusterMap: Sendable {
    /// The nodes that serve slots.
    package private(set) var owners: [RedisEndpoint] = []
    /// Their replicas: whom else one may ask for the map.
    package private(set) var replicas: [RedisEndpoint] = []
    /// For each slot the position of its owner, or -1.
    private var slots = [Int32](repeating: -1, count: HashSlot.count)

    package init() {}

    /// Reads the reply to `CLUSTER SLOTS`.
    ///
    /// - Parameter asked: who replied; an empty or missing host in the reply means the same host.
    /// - Returns: nil when the reply is none of that form.
    package init?(_ reply: RedisValue, asked: RedisEndpoint) {
        guard let ranges = reply.array else { return nil }
        for range in ranges {
            guard let parts = range.array, parts.count >= 3, let first = parts[0].int, let last = parts[1].int,
                (0...last).contains(first), last < Int64(HashSlot.count)
            else { return nil }
            // A node without a known address cannot be reached: its slots stay uncovered.
            guard let owner = Self.endpoint(parts[2], asked: asked) else { continue }
            let position = position(of: owner)
            for slot in Int(first)...Int(last) { slots[slot] = position }
            replicas += parts.dropFirst(3).compactMap { Self.endpoint($0, asked: asked) }
        }
    }

    private static func endpoint(_ value: RedisValue, asked: RedisEndpoint) -> RedisEndpoint? {
        guard let parts = value.array, parts.count >= 2, let port = parts[1].int, (1...65535).contains(port),
            let host = parts[0].isNull ? "" : parts[0].string, host != "?"
        else { return nil }
        return RedisEndpoint(host: host.isEmpty ? asked.host : host, port: Int(port))
    }

    private mutating func position(of owner: RedisEndpoint) -> Int32 {
        if let position = owners.firstIndex(of: owner) { return Int32(position) }
        owners.append(owner)
        return Int32(owners.count - 1)
    }

    package func owner(of slot: Int) -> RedisEndpoint? {
        slots[slot] < 0 ? nil : owners[Int(slots[slot])]
    }

    /// A node says that a slot is elsewhere.
    package mutating func move(_ slot: Int, to owner: RedisEndpoint) {
        slots[slot] = position(of: owner)
    }

    /// How many slots no node serves.
    package var uncovered: Int { slots.count { $0 < 0 } }
}
