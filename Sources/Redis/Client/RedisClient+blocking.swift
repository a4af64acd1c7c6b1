extension RedisClient {
    /// Sends a command that waits on the server (`BLPOP`, `BLMOVE`, …) over a connection of its own.
    ///
    /// After cancellation, or when the reply is overdue, the connection is closed: otherwise the server would hand the next
    /// item to a waiter that is gone. An item the server popped at that very moment is lost with it; use `BLMOVE` where
    /// that matters.
    ///
    /// In a cluster it goes to the node of its first key; when the slot moves away while it waits there, it waits anew elsewhere.
    ///
    /// - Parameter timeout: the timeout that the command itself names. The reply is awaited `commandDeadline` longer, so
    ///   that the server's answer "nothing came" always arrives first.
    /// - Throws: `.unavailable` also when `maximumBlockingConnections` are in use.
    public func blocking(_ command: RedisCommand, timeout: Duration) async throws(RedisError) -> RedisValue {
        let limit = timeout + configuration.commandDeadline
        switch backend {
        case .node(let node): return try await Self.checked(node.dedicated.perform(RedisRequest(command.encoded, timeout: limit)))
        case .cluster(let cluster): return try await Self.checked(cluster.block(command, timeout: limit))
        }
    }
}
