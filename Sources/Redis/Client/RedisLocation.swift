import NIOCore
import Synchronization

/// Where one server, or the primary behind sentinels, is; opens connections to it.
final class RedisLocation: Sendable {
    enum Kind: Sendable {
        case fixed(RedisEndpoint)
        case sentinel(SentinelDirectory)
    }

    let kind: Kind
    let connector: RedisConnector
    private let found = Mutex<RedisEndpoint?>(nil)

    init(_ kind: Kind, connector: RedisConnector) {
        self.kind = kind
        self.connector = connector
    }

    /// Where it was last found.
    var current: RedisEndpoint? { found.withLock { $0 } }

    private var isMoving: Bool { if case .sentinel = kind { true } else { false } }

    func locate() async throws(RedisError) -> RedisEndpoint {
        switch kind {
        case .fixed(let endpoint): endpoint
        case .sentinel(let directory): try await directory.primary()
        }
    }

    /// Looks for it anew and connects.
    ///
    /// - Returns: also whether it was somewhere else before.
    func find() async throws(RedisError) -> (connection: RedisConnection, hasMoved: Bool) {
        let endpoint = try await locate()
        let connection = try await connector.connect(to: endpoint, mustBePrimary: isMoving)
        let hasMoved = found.withLock { found in
            defer { found = endpoint }
            return found.map { $0 != endpoint } ?? false
        }
        return (connection, hasMoved)
    }

    /// Connects to where it was found last.
    func connect(push: RedisChannelHandler.PushHandler?) async throws(RedisError) -> RedisConnection {
        let endpoint: RedisEndpoint
        if let current { endpoint = current } else { endpoint = try await locate() }
        return try await connector.connect(to: endpoint, mustBePrimary: isMoving, push: push)
    }
}
