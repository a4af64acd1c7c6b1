public import Platform

extension FTPClient {
    /// Whether the server can be reached and lets us in. Which name is asked for does not matter.
    public var healthCheck: HealthCheck {
        HealthCheck(name: "ftp") {
            do throws(FTPError) {
                _ = try await self.size(of: "ready")
                return nil
            } catch {
                return error.description
            }
        }
    }
}
