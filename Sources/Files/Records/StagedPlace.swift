public import Platform

/// Where the bytes of a file lie below `ready/` in its staging area.
///
/// Small files that were accepted together share a container, a pack: one file to create, to sync and to remove for all of
/// them. A larger file is its own container.
public struct StagedPlace: Sendable, Hashable {
    /// The container's name: the file's own id, or that of a pack.
    public let container: UUIDv7
    /// Where the bytes begin in the container.
    public let offset: Int64

    public init(container: UUIDv7, offset: Int64) {
        self.container = container
        self.offset = offset
    }
}
