public import Platform

extension StagingArea {
    /// Whether the disk is there, the one that it was, and has room for uploads.
    public var healthCheck: HealthCheck {
        HealthCheck(name: "staging") {
            do throws(FilesError) {
                try await self.checkSpace()
                return await self.isThere() ? nil : "the volume of the staging area is not mounted, or another one is"
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
