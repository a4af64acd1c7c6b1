/// Where uploads wait for their transfer, and how much room they must leave.
public struct StagingConfiguration: Sendable {
    /// An absolute path. `incoming/` and `ready/` are made below it, so it must be one file system.
    public var root: String
    /// The id that the area must have. Nil takes whatever id the area has; a new area gets a random one.
    public var areaID: String?
    /// Uploads are refused when less than this would remain free, in bytes.
    public var reserveBytes: Int64 = 256 << 20
    /// Uploads are refused when fewer inodes than this remain.
    public var reserveInodes: UInt64 = 1024
    /// How long a measurement of the free space is believed.
    public var spaceCheckInterval: Duration = .seconds(1)
    /// Bodies up to this many bytes stay in memory until their batch is committed: one visit to the disk, none to the pool
    /// before it.
    public var inlineLimit = 64 << 10
    /// All bodies in memory together may have this many bytes; beyond it the small ones go through the disk as well.
    public var inlineBudget = 16 << 20
    /// Longer bodies are hashed and written in pieces of at most about this many bytes; up to three of each exist at a time.
    public var chunkSize = 1 << 20
    /// All pieces together may have about this many bytes: with many uploads, pieces are smaller.
    public var bufferBudget = 40 << 20

    public init(root: String, areaID: String? = nil) {
        self.root = root
        self.areaID = areaID
    }
}
