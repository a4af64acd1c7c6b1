public import FoundationEssentials
public import Platform

/// Which disk is the staging area of a name, and what rests on it.
public struct AreaEntry: Sendable {
    public let name: String
    /// The id of the disk, which is in its file `instance`.
    public let instance: UUIDv7
    public let registeredAt: Date
    /// Files whose bytes are nowhere else yet, and how many these are.
    public let files, bytes: Int64
    /// Resumable uploads that wait for bytes, or to become files.
    public let uploads: Int64
}
