import Platform

extension StagingArea {
    /// Whether the area that was prepared is still where it was, and is the one that the database knows: false when its volume is not
    /// mounted, or another one is.
    public func isThere() async -> Bool {
        guard !isHeld, let identity else { return false }
        let root = configuration.root
        let isSame = try? await onPool { () throws(FilesError) in
            guard let name = try AreaFile(root: root).read(), let instance = try InstanceFile(root: root).read() else { return false }
            return AreaIdentity(name: name, instance: instance) == identity
        }
        return isSame ?? false
    }
}
