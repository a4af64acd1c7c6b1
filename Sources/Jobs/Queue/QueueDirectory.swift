public import Redis

/// The names of the queues that workers have served lately, for the operator's tools.
public struct QueueDirectory: Sendable {
    private static let key = "queues"
    /// How long a queue is listed after its last worker said so, in seconds.
    private static let memory = 7 * 86_400

    private let client: RedisClient

    public init(client: RedisClient) {
        self.client = client
    }

    /// - Returns: in alphabetical order.
    public func names() async throws(JobsError) -> [String] {
        do {
            return (try await client.send(RedisCommand("ZRANGE", RedisArgument(Self.key), 0, -1)).array ?? []).compactMap(\.string).sorted()
        } catch {
            throw JobsError(error, doing: "reading the list of queues")
        }
    }

    /// Takes a queue off the list; a worker that serves it puts it back.
    package func forget(_ name: String) async throws(JobsError) {
        do {
            _ = try await client.send(RedisCommand("ZREM", RedisArgument(Self.key), RedisArgument(name)))
        } catch {
            throw JobsError(error, doing: "changing the list of queues")
        }
    }

    /// Says that somebody serves these queues, and forgets those of which nobody has said so for a week.
    func announce(_ names: [String]) async throws(RedisError) {
        guard let now = try await client.send(RedisCommand("TIME")).array?.first?.exact else { return }
        let entries = names.flatMap { [RedisArgument(now), RedisArgument($0)] }
        _ = try await client.send([
            RedisCommand("ZADD", arguments: [RedisArgument(Self.key)] + entries),
            RedisCommand("ZREMRANGEBYSCORE", RedisArgument(Self.key), "-inf", RedisArgument(now - Int64(Self.memory))),
        ])
    }
}
