/// A part of a list of files.
public struct FilePage: Sendable {
    public let files: [FileRecord]
    /// Where the next page begins; nil when this is the last one.
    public let next: FileCursor?
}
