import Platform

extension StagingArea {
    /// Whether the area that was prepared is still where it was: false when its volume is not mounted.
    public func isThere() async -> Bool {
        guard let id = areaID else { return false }
        let file = AreaFile(path: configuration.root + "/area")
        return (try? await onPool { () throws(FilesError) in try file.readOrMake(id, isMaking: false) }) != nil
    }
}
