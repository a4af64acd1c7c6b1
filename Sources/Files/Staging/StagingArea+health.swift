public import Platform

extension StagingArea {
    /// Whether there is room for uploads.
    public var healthCheck: HealthCheck {
        HealthCheck(name: "staging") {
            do throws(FilesError) {
                try await self.checkSpace()
                return nil
            } catch {
                return error.description
            }
        }
    }
}

extension StagingConfiguration {
    /// The configuration that a process's settings ask for.
    public init(_ settings: Settings.Staging) {
        self.init(root: settings.directory, areaID: settings.area)
        reserveBytes = settings.reserve
    }
}
