public import Platform

/// The identifier of a resumable upload. Not that of the file it becomes.
public typealias UploadID = UUIDv7

/// The right to write to a resumable upload, for as long as nobody has a higher number.
public struct UploadFence: Sendable, Hashable {
    public let id: UploadID
    /// Grows with each claim.
    public let epoch: Int64

    public init(id: UploadID, epoch: Int64) {
        self.id = id
        self.epoch = epoch
    }
}
