public import FoundationEssentials

/// One line of a directory listing.
public struct FTPEntry: Hashable, Sendable {
    /// Without its directory.
    public let name: String
    /// In bytes; nil when the listing does not say.
    public let size: Int64?
    /// To the second from MLSD; from a Unix listing to the minute or the day, read as UTC; nil when unknown.
    public let modified: Date?
    public let isDirectory: Bool

    public init(name: String, size: Int64?, modified: Date?, isDirectory: Bool) {
        self.name = name
        self.size = size
        self.modified = modified
        self.isDirectory = isDirectory
    }
}
