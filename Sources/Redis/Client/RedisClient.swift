public import Logging
public import NIOCore
import Platform
public import ServiceLifecycle

/// A client of Redis, shared by all tasks of a process: of one server, of the primary behind Sentinel, or of a cluster.
///
/// All commands but blocking ones travel over one connection to each server. Commands that tasks submit while the event loop
/// is busy are written together (implicit pipelining), and a server executes them in the order of submission.
///
/// `run()` keeps the connections alive. Without a connection:
/// - While the first connection is made, and during the one immediate attempt after a loss, commands wait, at most until
///   their deadline.
/// - While further attempts fail, commands fail at once with `.unavailable`; in a cluster, where another node may take over,
///   they are tried again until their deadline.
/// - A command that was written when the connection broke fails with `.unavailable` and is never sent twice.
///
/// Behind Sentinel every attempt begins with the question which server is the primary, and a server that says that it is a
/// replica is left. In a cluster commands go to the node of their first key and follow redirections; see `RedisCommand.slot`.
public final class RedisClient: Sendable, Service {
    enum Backend: Sendable {
        case node(RedisNode)
        case cluster(RedisCluster)
    }

    let configuration: RedisConfiguration
    let backend: Backend
    private let connector: RedisConnector

    /// Runs tasks on the thread that does the client's I/O. A task that sends one command after the other, each after the reply
    /// of the last, saves two changes of threads for each when it prefers this executor; it must not block.
    public let executor: any TaskExecutor

    /// - Parameter eventLoopGroup: must outlive the client.
    public init(configuration: RedisConfiguration, eventLoopGroup: any EventLoopGroup, logger: Logger) {
        self.configuration = configuration
        let loop = eventLoopGroup.any()
        executor = EventLoopExecutor(loop)
        let connector = RedisConnector(configuration: configuration, group: loop)
        self.connector = connector
        func node(_ kind: RedisLocation.Kind) -> Backend {
            .node(
                RedisNode(
                    location: RedisLocation(kind, connector: connector), configuration: configuration, group: loop, logger: logger
                ))
        }
        backend =
            switch configuration.topology {
            case .single: node(.fixed(RedisEndpoint(host: configuration.host, port: configuration.port)))
            case .sentinel(let sentinels):
                node(.sentinel(SentinelDirectory(sentinels, configuration: configuration, group: loop)))
            case .cluster(let seeds):
                .cluster(
                    RedisCluster(
                        seeds: seeds, configuration: configuration, connector: connector, group: loop, logger: logger))
            }
    }

    /// Whether commands can be sent now, in a cluster to some node. A server that has just died may still count as connected until
    /// a reply is overdue.
    public var isConnected: Bool {
        switch backend {
        case .node(let node): node.isConnected
        case .cluster(let cluster): cluster.isConnected
        }
    }

    // MARK: Commands

    /// Sends one command and waits for its reply.
    ///
    /// - Parameter deadline: how long to wait; by default `commandDeadline`.
    /// - Throws: `.server` when the server answers with an error, and what `RedisError.Code` lists besides.
    public func send(_ command: RedisCommand, deadline: Duration? = nil) async throws(RedisError) -> RedisValue {
        let timeout = deadline ?? configuration.commandDeadline
        switch backend {
        case .node(let node):
            return try await Self.checked(RedisRequest(command.encoded, timeout: timeout).perform(node.submit).get())
        case .cluster(let cluster): return try await Self.checked(cluster.perform(command, timeout: timeout))
        }
    }

    /// Sends several commands in one write and waits for all replies. Not a transaction: other clients' commands may be
    /// executed in between.
    ///
    /// - Returns: one reply for each command; an error the server reports is a `.error` value among them.
    /// - Throws: `.unavailable` also when one of the replies says that the server cannot serve now; the commands before it
    ///   may have been executed. `.configuration` when a cluster's keys lie in several slots.
    public func send(_ pipeline: [RedisCommand], deadline: Duration? = nil) async throws(RedisError) -> [RedisValue] {
        guard !pipeline.isEmpty else { return [] }
        let timeout = deadline ?? configuration.commandDeadline
        let replies: [RedisValue]
        switch backend {
        case .node(let node): replies = try await RedisRequest(pipeline, timeout: timeout).perform(node.submit).get().array ?? []
        case .cluster(let cluster): replies = try await cluster.perform(pipeline, timeout: timeout)
        }
        for case .error(let sentence) in replies {
            let error = RedisError(server: sentence)
            if error.code == .unavailable { throw error }
        }
        return replies
    }

    /// Sends a command without a key to every server that takes writes: one, or each primary of a cluster.
    ///
    /// - Returns: a reply of each.
    public func sendEverywhere(_ command: RedisCommand, deadline: Duration? = nil) async throws(RedisError) -> [RedisValue] {
        guard case .cluster(let cluster) = backend else { return [try await send(command, deadline: deadline)] }
        let replies = try await cluster.performEverywhere(command, timeout: deadline ?? configuration.commandDeadline)
        for reply in replies { _ = try Self.checked(reply) }
        return replies
    }

    static func checked(_ value: RedisValue) throws(RedisError) -> RedisValue {
        if case .error(let sentence) = value { throw RedisError(server: sentence) }
        return value
    }

    // MARK: Life

    /// Keeps the connections alive until graceful shutdown or cancellation; then lets the replies under way arrive and closes.
    ///
    /// - Throws: `.configuration` when the certificate authorities cannot be read. A server that is away is no error.
    public func run() async throws {
        try connector.tlsContext()
        await cancelWhenGracefulShutdown { [backend] in
            switch backend {
            case .node(let node): await node.run()
            case .cluster(let cluster): await cluster.run()
            }
        }
        shutDown()
    }

    private func shutDown() {
        switch backend {
        case .node(let node): node.shutDown()
        case .cluster(let cluster): cluster.shutDown()
        }
    }
}
