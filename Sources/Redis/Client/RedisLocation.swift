import NIOCore
import Synchronization

/// Where one server, or the primary behind sentinels, is; opens connections to it.
final class RedisLocation: Sendable {
    enum Kind: Sendable {
        case fixed(RedisEndpoint)
        case sentinel(SentinelDirectory)
    }

    /// A place, and for sentinels the epoch of the configuration that names it: the higher, the newer.
    struct Place: Sendable {
        let endpoint: RedisEndpoint
        var epoch: Int64 = 0
    }

    let kind: Kind
    let connector: RedisConnector
    private let found = Mutex<Place?>(nil)

    init(_ kind: Kind, connector: RedisConnector) {
        self.kind = kind
        self.connector = connector
    }

    /// Where it was last found.
    var current: Place? { found.withLock { $0 } }

    private var isMoving: Bool { if case .sentinel = kind { true } else { false } }

    func locate() async throws(RedisError) -> Place {
        switch kind {
        case .fixed(let endpoint): return Place(endpoint: endpoint)
        case .sentinel(let directory):
            let (endpoint, epoch) = try await directory.primary(since: current?.epoch ?? 0)
            return Place(endpoint: endpoint, epoch: epoch)
        }
    }

    /// Looks for it anew and connects.
    ///
    /// - Returns: also whether it was somewhere else before.
    func find() async throws(RedisError) -> (connection: RedisConnection, hasMoved: Bool) {
        let place = try await locate()
        let connection = try await connector.connect(to: place.endpoint, mustBePrimary: isMoving)
        let hasMoved = found.withLock { found in
            defer { found = place }
            return found.map { $0.endpoint != place.endpoint } ?? false
        }
        return (connection, hasMoved)
    }

    /// Connects to where it was found last.
    func connect(push: RedisChannelHandler.PushHandler?) async throws(RedisError) -> RedisConnection {
        let place: Place
        if let current { place = current } else { place = try await locate() }
        return try await connector.connect(to: place.endpoint, mustBePrimary: isMoving, push: push)
    }
}
