import Logging
import NIOCore
import Platform
import Synchronization

/// The nodes of a Redis Cluster.
///
/// 1. `run()` asks any node for the map of slots, keeps a connection to each that serves slots, and asks again every half minute
///    and whenever something contradicts the map.
/// 2. `RedisCluster+perform.swift` sends commands to the node of their slot and follows what nodes say instead of a reply.
final class RedisCluster: Sendable {
    struct State {
        var map = ClusterMap()
        var nodes: [RedisEndpoint: RedisNode] = [:]
        /// Redirections led there since the map was last read; it may know nothing of them.
        var targets: Set<RedisEndpoint> = []
        /// Why the map could not be read, the last time.
        var failure: RedisError?
        var isClosed = false
    }

    static let refreshInterval: Duration = .seconds(30)
    /// Between two readings of the map, however much is wrong.
    private static let refreshPause: Duration = .milliseconds(100)

    let configuration: RedisConfiguration
    let state = Mutex(State())
    private let seeds: [RedisEndpoint]
    private let connector: RedisConnector
    private let group: any EventLoopGroup
    private let logger: Logger
    private let newcomers = AsyncStream<RedisNode>.makeStream()
    private let wishes = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    init(seeds: [RedisEndpoint], configuration: RedisConfiguration, connector: RedisConnector, group: any EventLoopGroup, logger: Logger) {
        self.seeds = seeds
        self.configuration = configuration
        self.connector = connector
        self.group = group
        self.logger = logger
    }

    // MARK: Nodes

    /// The node at an endpoint, made when it is not known yet; nil after the end.
    func node(at endpoint: RedisEndpoint) -> RedisNode? {
        let (node, isNew): (RedisNode?, Bool) = state.withLock { state in
            if state.isClosed { return (nil, false) }
            state.targets.insert(endpoint)
            if let node = state.nodes[endpoint] { return (node, false) }
            let node = makeNode(endpoint)
            state.nodes[endpoint] = node
            return (node, true)
        }
        if isNew, let node { newcomers.continuation.yield(node) }
        return node
    }

    private func makeNode(_ endpoint: RedisEndpoint) -> RedisNode {
        RedisNode(
            location: RedisLocation(.fixed(endpoint), connector: connector), configuration: configuration, group: group, logger: logger)
    }

    /// Asks for the map to be read again, soon.
    func requestRefresh() {
        wishes.continuation.yield()
    }

    var isConnected: Bool {
        state.withLock { state in state.nodes.values.contains(where: \.isConnected) }
    }

    // MARK: Life

    /// Runs until cancellation.
    func run() async {
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.keepMap() }
                group.addTask {
                    while !Task.isCancelled {
                        self.requestRefresh()
                        try? await Task.sleep(for: Self.refreshInterval)
                    }
                }
                for await node in newcomers.stream { group.addTask { await node.run() } }
                group.cancelAll()
            }
        } onCancel: {
            shutDown()
        }
    }

    /// Refuses new commands and drains all connections.
    func shutDown() {
        let nodes = state.withLock { state in
            state.isClosed = true
            defer { state.nodes = [:] }
            return Array(state.nodes.values)
        }
        for node in nodes { node.shutDown() }
    }

    private func keepMap() async {
        for await _ in wishes.stream {
            do throws(RedisError) {
                adopt(try await readMap())
            } catch {
                if Task.isCancelled { return }
                let isNews = state.withLock { state in
                    defer { state.failure = error }
                    return state.failure == nil
                }
                if isNews { logger.warning("redis cluster unavailable", metadata: .init([.error: "\(error)"])) }
                requestRefresh()
            }
            try? await Task.sleep(for: Self.refreshPause)
        }
    }

    // MARK: The map

    /// Asks one node after the other until one has an answer: first those connected, in any order, then whoever else is known.
    private func readMap() async throws(RedisError) -> ClusterMap {
        let (connected, known) = state.withLock { state in
            (
                state.nodes.filter { $0.value.isConnected }.keys.shuffled(),
                (state.nodes.keys + state.map.owners + state.map.replicas).shuffled()
            )
        }
        var asked: Set<RedisEndpoint> = []
        var cause: RedisError?
        for endpoint in connected + known + seeds where asked.insert(endpoint).inserted {
            if Task.isCancelled { throw RedisError(.cancelled, "the caller was cancelled") }
            do throws(RedisError) {
                let reply = try await askForMap(endpoint)
                guard let map = ClusterMap(reply, asked: endpoint), !map.owners.isEmpty else {
                    throw RedisError(.unavailable, "\(endpoint) knows no node with slots: CLUSTER MEET, or redis-cli --cluster create")
                }
                return map
            } catch {
                cause = error
            }
        }
        let places = seeds.map(\.description).joined(separator: ", ")
        throw RedisError(
            .unavailable,
            "no node of the cluster answers, asked were \(places): start them, or correct the addresses (\(cause?.message ?? ""))",
            underlying: cause)
    }

    private func askForMap(_ endpoint: RedisEndpoint) async throws(RedisError) -> RedisValue {
        let question = RedisRequest(RedisCommand("CLUSTER", "SLOTS").encoded, timeout: configuration.connectTimeout)
        let reply: RedisValue
        if let node = state.withLock({ $0.nodes[endpoint] }), node.isConnected {
            reply = try await question.perform(node.submit).get()
        } else {
            let connection = try await connector.connect(to: endpoint)
            defer { connection.close(RedisError(.closed, "the node has been asked")) }
            reply = try await question.perform(connection.submit).get()
        }
        if case .error(let sentence) = reply {
            throw sentence.contains("cluster support disabled")
                ? RedisError(.unavailable, "\(endpoint) is no node of a cluster: for a single server write redis:// without +cluster")
                : RedisError(server: sentence)
        }
        return reply
    }

    private func adopt(_ map: ClusterMap) {
        let (fresh, retired, wasLost): ([RedisNode], [RedisNode], Bool) = state.withLock { state in
            if state.isClosed { return ([], [], false) }
            let wanted = Set(map.owners).union(state.targets)
            let retired = state.nodes.filter { !wanted.contains($0.key) }
            for endpoint in retired.keys { state.nodes[endpoint] = nil }
            var fresh: [RedisNode] = []
            for endpoint in map.owners where state.nodes[endpoint] == nil {
                let node = makeNode(endpoint)
                state.nodes[endpoint] = node
                fresh.append(node)
            }
            state.map = map
            state.targets = []
            defer { state.failure = nil }
            return (fresh, Array(retired.values), state.failure != nil)
        }
        if wasLost { logger.notice("redis cluster reachable again") }
        if map.uncovered > 0 { logger.warning("redis cluster does not serve all slots", metadata: .init([.count: "\(map.uncovered)"])) }
        for node in fresh { newcomers.continuation.yield(node) }
        for node in retired { node.shutDown(RedisError(.unavailable, "the node no longer serves slots")) }
    }
}
