import Synchronization

/// Connections that one caller has to itself: a small pool for blocking commands, and those of subscribers.
final class DedicatedConnections: Sendable {
    private struct State {
        var idle: [RedisConnection] = []
        var all: [ObjectIdentifier: RedisConnection] = [:]
        /// Blocking callers that hold or make a connection, and the connections that lie idle.
        var pooled = 0
        var closed: RedisError?
    }

    private let location: RedisLocation
    private let limit: Int
    private let state = Mutex(State())

    init(location: RedisLocation, limit: Int) {
        self.location = location
        self.limit = limit
    }

    /// A new connection that is closed together with the client.
    func open(push: RedisChannelHandler.PushHandler? = nil) async throws(RedisError) -> RedisConnection {
        if let error = state.withLock({ $0.closed }) { throw error }
        let connection = try await location.connect(push: push)
        let id = ObjectIdentifier(connection)
        let error = state.withLock { state in
            if state.closed == nil { state.all[id] = connection }
            return state.closed
        }
        connection.onClose { [self] in state.withLock { $0.all[id] = nil } }
        if let error {
            connection.close(error)
            throw error
        }
        return connection
    }

    /// Sends one request over a connection nobody else uses. It goes back to the pool only after a complete reply: with
    /// any other outcome the server may still be at work for it.
    func perform(_ request: RedisRequest) async throws(RedisError) -> RedisValue {
        let connection = try await checkOut()
        switch await request.perform(connection.submit) {
        case .success(let value):
            state.withLock { state in
                if connection.isActive, state.closed == nil { state.idle.append(connection) } else { state.pooled -= 1 }
            }
            return value
        case .failure(let error):
            state.withLock { $0.pooled -= 1 }
            connection.close(error)
            throw error
        }
    }

    private func checkOut() async throws(RedisError) -> RedisConnection {
        let (idle, error): (RedisConnection?, RedisError?) = state.withLock { state in
            if let error = state.closed { return (nil, error) }
            while let connection = state.idle.popLast() {
                if connection.isActive { return (connection, nil) }
                state.pooled -= 1
            }
            guard state.pooled < limit else { return (nil, RedisError(.unavailable, "all blocking connections are in use")) }
            state.pooled += 1
            return (nil, nil)
        }
        if let error { throw error }
        if let idle { return idle }
        do throws(RedisError) {
            return try await open()
        } catch {
            state.withLock { $0.pooled -= 1 }
            throw error
        }
    }

    /// Closes the connections there are; whoever waits on one gets `error`.
    func abandon(_ error: RedisError) {
        let connections = state.withLock { state in
            state.pooled -= state.idle.count
            state.idle = []
            defer { state.all = [:] }
            return Array(state.all.values)
        }
        for connection in connections { connection.close(error) }
    }

    /// Closes all connections, now and later; whoever waits on one gets `error`.
    func close(_ error: RedisError) {
        state.withLock { $0.closed = $0.closed ?? error }
        abandon(error)
    }
}
