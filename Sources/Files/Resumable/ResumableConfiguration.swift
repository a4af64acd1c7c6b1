public import Platform

/// What resumable uploads may cost.
public struct ResumableConfiguration: Sendable {
    /// How long an upload waits for its next byte.
    public var lifetime: Duration = .seconds(86_400)
    /// Uploads of one user that wait for bytes at the same time.
    public var maximumOpen = 1000
    /// The largest file, in bytes.
    public var maximumSize: Int64 = 100 << 30
    /// Nil where content does not matter.
    public var inspection: UploadInspection?

    public init() {}

    /// What a web process's settings ask for.
    public init(_ settings: Settings.Uploads, inspection: UploadInspection? = nil) {
        self.inspection = inspection
        lifetime = settings.lifetime
        maximumOpen = settings.maximumOpen
        maximumSize = settings.maximumFileSize
    }
}
