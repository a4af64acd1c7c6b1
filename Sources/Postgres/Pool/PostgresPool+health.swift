public import Platform

extension PostgresPool {
    /// Whether a statement reaches the server and comes back.
    public var healthCheck: HealthCheck {
        HealthCheck(name: "postgres") {
            do throws(PostgresError) {
                _ = try await self.query("SELECT 1")
                return nil
            } catch {
                return error.description
            }
        }
    }
}

extension PostgresConfiguration {
    /// The configuration that a process's settings ask for.
    public init(_ settings: Settings.Database) throws(PostgresError) {
        try self.init(url: settings.url)
        poolSize = settings.connections
    }
}
