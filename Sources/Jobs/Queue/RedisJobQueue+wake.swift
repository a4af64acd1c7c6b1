import Platform
import Redis

extension RedisJobQueue {
    package func awaitWork(for limit: Duration) async throws(JobsError) -> Bool {
        let milliseconds = max(1, limit.milliseconds)
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        let command = RedisCommand("BLPOP", RedisArgument(keys.wake), RedisArgument("\(milliseconds / 1000).\(fraction)"))
        do {
            return try await !client.blocking(command, timeout: limit).isNull
        } catch {
            throw JobsError(error, doing: "waiting for work in queue \(name)")
        }
    }

    package func passOnToken() async throws(JobsError) {
        do {
            _ = try await client.send(RedisCommand("RPUSH", RedisArgument(keys.wake), "1"))
        } catch {
            throw JobsError(error, doing: "waking a worker of queue \(name)")
        }
    }
}
