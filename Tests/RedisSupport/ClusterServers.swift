import Redis
public import TestSupport

/// A Redis Cluster of a test's own. The slots are divided evenly among the first nodes; the others are replicas.
public final class ClusterServers: Sendable {
    public let nodes: [RedisServerProcess]
    private let primaries: Int

    private init(nodes: [RedisServerProcess], primaries: Int) {
        self.nodes = nodes
        self.primaries = primaries
    }

    /// What a client is told: not all of the nodes.
    public var url: String { "redis+cluster://127.0.0.1:\(nodes[1].port),127.0.0.1:\(nodes[0].port)" }

    /// - Parameter replicas: how many more nodes there are; the first is a replica of the first primary, and so on.
    public static func start(primaries: Int = 3, replicas: Int = 0) async throws -> ClusterServers {
        let nodes = try await withThrowingTaskGroup(of: RedisServerProcess.self) { group in
            for _ in 0..<primaries + replicas { group.addTask { try await .startClusterNode(timeout: .seconds(1).stretched) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let cluster = ClusterServers(nodes: nodes, primaries: primaries)
        try await cluster.join()
        return cluster
    }

    private func join() async throws {
        for (index, node) in nodes.enumerated() {
            try await node.ask("CLUSTER", "SET-CONFIG-EPOCH", RedisArgument(index + 1))
            guard index < primaries else { continue }
            let range = [index, index + 1].map { 16384 * $0 / primaries }
            try await node.ask("CLUSTER", "ADDSLOTSRANGE", RedisArgument(range[0]), RedisArgument(range[1] - 1))
        }
        for node in nodes.dropFirst() {
            let bus = try await node.ask("CONFIG", "GET", "cluster-port").array?.last?.string ?? ""
            try await nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", RedisArgument(node.port), RedisArgument(bus))
        }
        for node in nodes {
            try await awaitTruth("all nodes know each other") {
                let known = try await node.ask("CLUSTER", "NODES").string ?? ""
                return known.split(separator: "\n").count == self.nodes.count && !known.contains("handshake")
            }
        }
        for (index, node) in nodes.enumerated().dropFirst(primaries) {
            try await node.ask("CLUSTER", "REPLICATE", RedisArgument(id(of: nodes[index - primaries])))
            try await awaitTruth("the replica is up to date") {
                try await node.ask("INFO", "replication").string?.contains("master_link_status:up") == true
            }
        }
        for node in nodes {
            try await awaitTruth("the cluster serves all slots") {
                try await node.ask("CLUSTER", "INFO").string?.contains("cluster_state:ok") == true
            }
        }
    }

    public func id(of node: RedisServerProcess) async throws -> String {
        try await node.ask("CLUSTER", "MYID").string ?? ""
    }

    /// The primary that serves a slot, according to the division at the start.
    public func primary(of slot: Int) -> Int { (0..<primaries).last { 16384 * $0 / primaries <= slot } ?? 0 }

    // MARK: Moving a slot

    /// From here on the source sends whoever wants a key that is no longer there to the target, this once.
    public func beginMove(of slot: Int, from source: Int, to target: Int) async throws {
        try await nodes[target].ask("CLUSTER", "SETSLOT", RedisArgument(slot), "IMPORTING", RedisArgument(id(of: nodes[source])))
        try await nodes[source].ask("CLUSTER", "SETSLOT", RedisArgument(slot), "MIGRATING", RedisArgument(id(of: nodes[target])))
    }

    /// Moves up to `count` keys.
    ///
    /// - Returns: how many were there to be moved.
    public func moveKeys(of slot: Int, from source: Int, to target: Int, count: Int = 100) async throws -> Int {
        let keys = try await nodes[source].ask("CLUSTER", "GETKEYSINSLOT", RedisArgument(slot), RedisArgument(count)).array ?? []
        for key in keys.compactMap(\.bytes) {
            try await nodes[source].ask(
                "MIGRATE", "127.0.0.1", RedisArgument(nodes[target].port), RedisArgument(key), 0, 5000, "REPLACE")
        }
        return keys.count
    }

    /// The target serves the slot, and the source sends everybody there for good.
    public func endMove(of slot: Int, from source: Int, to target: Int) async throws {
        let id = try await id(of: nodes[target])
        try await nodes[target].ask("CLUSTER", "SETSLOT", RedisArgument(slot), "NODE", RedisArgument(id))
        try await nodes[source].ask("CLUSTER", "SETSLOT", RedisArgument(slot), "NODE", RedisArgument(id))
    }

    /// How often all nodes together have answered with an error of this code.
    public func errors(_ code: String) async throws -> Int {
        var sum = 0
        for node in nodes { sum += try await node.errors(code) }
        return sum
    }
}
