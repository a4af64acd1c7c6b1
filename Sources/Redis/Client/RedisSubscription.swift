/// A message published to a channel.
public struct RedisMessage: Sendable, Hashable {
    public let channel: String
    public let payload: [UInt8]

    public init(channel: String, payload: [UInt8]) {
        self.channel = channel
        self.payload = payload
    }
}

/// The messages of some channels, over a connection of its own, which closes when the iteration ends or is cancelled.
///
/// For one consumer. When it lags behind by more than `RedisClient.subscriptionBuffer` messages the oldest are dropped:
/// publish/subscribe promises nothing, so a message may only be a hint. The sequence ends with an error when the connection
/// is lost; subscribe again, and look at what may have been missed.
public struct RedisSubscription: AsyncSequence, Sendable {
    public typealias Element = RedisMessage
    public typealias AsyncIterator = AsyncThrowingStream<RedisMessage, any Error>.Iterator

    let stream: AsyncThrowingStream<RedisMessage, any Error>

    public func makeAsyncIterator() -> AsyncIterator {
        stream.makeAsyncIterator()
    }
}

extension RedisClient {
    /// Messages kept for a subscriber that lags behind.
    public static let subscriptionBuffer = 1024

    /// Subscribes to channels, in a cluster at any node: they pass on to each other what is published. When this returns the
    /// server has confirmed all of them.
    public func subscribe(channels: [String]) async throws(RedisError) -> RedisSubscription {
        guard !channels.isEmpty else { throw RedisError(.configuration, "a subscription needs a channel") }
        let (stream, continuation) = AsyncThrowingStream<RedisMessage, any Error>.makeStream(
            bufferingPolicy: .bufferingNewest(Self.subscriptionBuffer))
        let connection = try await anyNode().dedicated.open { value in
            guard let parts = value.array, parts.count == 3, let channel = parts[1].string, let payload = parts[2].bytes else { return }
            continuation.yield(RedisMessage(channel: channel, payload: payload))
        }
        connection.onClose { continuation.finish(throwing: RedisError(.unavailable, "the subscription's connection was lost")) }
        continuation.onTermination = { _ in connection.close(RedisError(.closed, "the subscription ended")) }

        let command = RedisCommand("SUBSCRIBE", arguments: channels.map { RedisArgument($0) })
        let request = RedisRequest(command.encoded, batch: channels.count, timeout: configuration.commandDeadline)
        do throws(RedisError) {
            for reply in try await request.perform(connection.submit).get().array ?? [] { _ = try Self.checked(reply) }
        } catch {
            connection.close(error)
            throw error
        }
        return RedisSubscription(stream: stream)
    }

    private func anyNode() async throws(RedisError) -> RedisNode {
        switch backend {
        case .node(let node): node
        case .cluster(let cluster): try await cluster.anyNode(timeout: configuration.commandDeadline)
        }
    }

    /// - Returns: how many subscribers the server handed the message to.
    @discardableResult
    public func publish(_ payload: RedisArgument, to channel: String) async throws(RedisError) -> Int {
        Int(try await send(RedisCommand("PUBLISH", RedisArgument(channel), payload)).int ?? 0)
    }
}
