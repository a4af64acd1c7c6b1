public import Platform

extension RedisClient {
    /// Whether the server answers within a second.
    public var healthCheck: HealthCheck {
        HealthCheck(name: "redis") {
            do throws(RedisError) {
                _ = try await self.send(RedisCommand("PING"), deadline: .seconds(1))
                return nil
            } catch {
                return error.description
            }
        }
    }
}
